/**
 * Guarantee 2, batch for batch: both observers hand over the same bytes for the same shards in the
 * same order, and count the same. `scripts/check-differential.mjs` does it for captures kept
 * outside.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ObserverOptions } from '../src/capture/contract.js';
import { openObserver } from '../src/capture/open-observer.js';
import { buildConfigSchema } from '../src/config/schema.js';
import { observerOptions } from '../src/pipeline-options.js';
import { conversationFrames } from './generate/conversation.js';
import { FLOOD_DEFAULTS, writeFlood } from './generate/flood.js';
import { MIXED_DEFAULTS, writeMixed } from './generate/mixed.js';
import { PcapWriter, writePcap } from './generate/pcap-writer.js';
import { SCAN_DEFAULTS, writeScan } from './generate/scan.js';
import { SCANNERS, type ScannerName } from './generate/scanners.js';
import { SMOKE_SCREEN_DEFAULTS, writeSmokeScreen } from './generate/smoke-screen.js';
import { isNativeBuilt, type ObserverName } from './support/picket.js';
import { scratchFolder } from './support/scratch.js';

const scratch = scratchFolder();
const LAB_HOME = ['198.51.100.0/24', '198.18.4.0/22', '2001:db8:100::/64', 'fd01::/64'];
const TABLES_TINY = 64;

interface Case {
  name: string;
  path: string;
  home: string[];
}

function generated(name: string, home: string[], write: (writer: PcapWriter) => void): Case {
  const path = join(scratch, `${name}.pcap`);
  const writer = new PcapWriter(path);
  write(writer);
  writer.close();
  return { name, path, home };
}

function conversations(): Case {
  const path = join(scratch, 'conversations.pcap');
  const sides = { client: '203.0.113.20', server: '198.51.100.10', serverPort: 443 };
  const frames = Array.from({ length: 200 }, (_, index) =>
    conversationFrames({ ...sides, clientPort: 40000 + index, startUs: 1.795e15 + index * 30_000 }),
  );
  writePcap(path, frames.flat());
  return { name: 'conversations', path, home: LAB_HOME };
}

const stored: Case[] = readdirSync('test/golden')
  .map((name) => ({ name, path: join('test/golden', name, 'input.pcap.gz'), home: LAB_HOME }))
  .filter(({ path }) => existsSync(path));
const scannerNames = Object.keys(SCANNERS) as ScannerName[];
const CASES: Case[] = [
  ...stored,
  { name: 'masscan, then nmap', path: 'test/captures/pipeline.pcap.gz', home: LAB_HOME },
  conversations(),
  generated('smoke screen', [SMOKE_SCREEN_DEFAULTS.target], (writer) =>
    writeSmokeScreen(writer, SMOKE_SCREEN_DEFAULTS),
  ),
  generated('mixed', [MIXED_DEFAULTS.home], (writer) =>
    writeMixed(writer, { ...MIXED_DEFAULTS, packetCount: 60_000, ratePerSecond: 6000 }),
  ),
  generated('flood', [FLOOD_DEFAULTS.home], (writer) =>
    writeFlood(writer, { ...FLOOD_DEFAULTS, sourceCount: 60_000, ratePerSecond: 6000 }),
  ),
  ...scannerNames.map((scanner) =>
    generated(scanner, [SCAN_DEFAULTS.home], (writer) =>
      writeScan(writer, { ...SCAN_DEFAULTS, scanner, packetCount: 3000, ratePerSecond: 1000 }),
    ),
  ),
];

/** Options as the program makes them; `capacity` sets every table's. */
function optionsFor(home: string[], capacity?: number): ObserverOptions {
  const options = observerOptions(buildConfigSchema([]).parse({ home_nets: home }));
  if (capacity === undefined) return options;
  const tables = Object.keys(options.tables).map((name) => [name, capacity]);
  return { ...options, tables: Object.fromEntries(tables) };
}

/** Shard, size and digest of every batch in order, then the counters. */
async function observe(
  which: ObserverName,
  path: string,
  options: ObserverOptions,
): Promise<string[]> {
  const { observer } = openObserver(which, options, null);
  const lines: string[] = [];
  await observer.run(
    { kind: 'files', paths: [path] },
    {
      batch(shard, bytes) {
        const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
        lines.push(`batch ${shard} ${bytes.length} ${digest}`);
      },
    },
  );
  for (const [name, value] of Object.entries(observer.stats())) lines.push(`${name} ${value}`);
  return lines;
}

describe.skipIf(!isNativeBuilt)('both observers hand over the same batches', () => {
  it.each(CASES)('$name', async ({ path, home }) => {
    const options = optionsFor(home);
    const native = await observe('native', path, options);
    expect(native.some((line) => line.startsWith('batch'))).toBe(true);
    expect(native).toEqual(await observe('typescript', path, options));
  });

  it.each(CASES)('$name, with tables that overflow', async ({ path, home }) => {
    const options = optionsFor(home, TABLES_TINY);
    const native = await observe('native', path, options);
    expect(native).toEqual(await observe('typescript', path, options));
  });
});
