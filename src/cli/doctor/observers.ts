/** Whether each observer loads, and reads one probe from a capture made here. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Observer } from '../../capture/contract.js';
import { openObserver } from '../../capture/open-observer.js';
import { parseConfig } from '../../config/load.js';
import { buildConfigSchema } from '../../config/schema.js';
import { observerOptions } from '../../pipeline-options.js';
import { type CheckResult, missing, ok, warn } from './check.js';

const HOME_NET = '198.51.100.0/24';
/** LINKTYPE_RAW: the packet begins with its IP header. */
const LINKTYPE_RAW = 101;

export async function checkObservers(): Promise<CheckResult[]> {
  return [await checkObserver('native'), await checkObserver('typescript')];
}

async function checkObserver(name: 'native' | 'typescript'): Promise<CheckResult> {
  const check = `observer_${name}`;
  try {
    const config = parseConfig(buildConfigSchema([]), `home_nets: [${HOME_NET}]`, 'self test');
    const probes = await countProbes(openObserver(name, observerOptions(config), null).observer);
    if (probes === 1) return ok(check, 'loads and passes its self test');
    return missing(
      check,
      `saw ${probes} probes where 1 was sent`,
      'npm run build, then report this',
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (name === 'typescript') return missing(check, reason, 'npm run build');
    const fix =
      'install g++, make, python3 and libpcap-dev, then: rm -rf native/build; npm run build';
    return warn(check, `${reason} (the TypeScript observer is used)`, fix);
  }
}

async function countProbes(observer: Observer): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'picket-doctor-'));
  try {
    const path = join(directory, 'probe.pcap');
    writeFileSync(path, oneProbe());
    await observer.run({ kind: 'files', paths: [path] }, { batch() {} });
    return observer.stats().probes ?? 0;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A pcap file with one SYN from 203.0.113.1 to 198.51.100.1:443, checksums right. */
function oneProbe(): Buffer {
  const packet = Buffer.from(
    '450000281234000040060266cb007101c6336401' + '04d201bb0000000100000000500204003f1e0000',
    'hex',
  );
  const file = Buffer.alloc(24 + 16);
  // pcap file header (draft-ietf-opsawg-pcap §4): magic, version 2.4, snap length, link type.
  file.writeUInt32LE(0xa1b2c3d4, 0);
  file.writeUInt16LE(2, 4);
  file.writeUInt16LE(4, 6);
  file.writeUInt32LE(65_535, 16);
  file.writeUInt32LE(LINKTYPE_RAW, 20);
  // Record header (§5): seconds, microseconds, captured and original size.
  file.writeUInt32LE(1_700_000_000, 24);
  file.writeUInt32LE(packet.length, 32);
  file.writeUInt32LE(packet.length, 36);
  return Buffer.concat([file, packet]);
}
