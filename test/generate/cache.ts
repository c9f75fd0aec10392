/** Generated captures live under the system's temporary directory, never in the repository. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PcapWriter } from './pcap-writer.js';

/** Counted up when a generator changes what it writes for the same parameters. */
const GENERATOR_VERSION = 1;

/** The folder captures are kept in; `PICKET_CAPTURE_CACHE` names another. */
export function captureCache(): string {
  const folder = process.env['PICKET_CAPTURE_CACHE'] ?? join(tmpdir(), 'picket-generated');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * The capture that `generate` writes for `parameters`, from the cache when it is there. The file
 * gets its name only when it is complete, so an interrupted run leaves nothing that looks whole.
 */
export function cachedCapture(
  name: string,
  parameters: object,
  generate: (writer: PcapWriter) => void,
): string {
  const key = createHash('sha256')
    .update(JSON.stringify([GENERATOR_VERSION, name, parameters]))
    .digest('hex')
    .slice(0, 16);
  const path = join(captureCache(), `${name}-${key}.pcap`);
  if (existsSync(path)) return path;
  const partial = `${path}.${process.pid}.partial`;
  const writer = new PcapWriter(partial);
  generate(writer);
  writer.close();
  writeFileSync(
    `${path}.json`,
    `${JSON.stringify({ name, parameters, packets: writer.packetCount })}\n`,
  );
  renameSync(partial, path);
  return path;
}
