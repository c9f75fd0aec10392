// Keeps what V8 compiles of the built program while it reads a capture, for src/launch.ts: a start
// then takes about half as long. Each run begins with what the one before left, and adds to it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

const MAIN = 'dist/src/main.js';
const CAPTURE = 'test/captures/pipeline.pcap.gz';

const scratch = mkdtempSync(join(tmpdir(), 'picket-code-'));
try {
  const plain = join(scratch, 'pipeline.pcap');
  writeFileSync(plain, gunzipSync(readFileSync(CAPTURE)));
  const home = '198.51.100.0/24,198.18.4.0/22,2001:db8:100::/64,fd01::/64';
  for (const words of [
    ['read', CAPTURE, '--home', home, '--observer', 'typescript'],
    ['read', plain, '--home', home, '--json'],
  ]) {
    // With the flags of the command's first line: a cache is refused under others.
    const flags = readFileSync(MAIN, 'utf8')
      .match(/^#!.* node (.*)\n/)[1]
      .split(' ');
    const preload = ['--require', resolve('scripts/keep-code.cjs')];
    const run = spawnSync(process.execPath, [...flags, ...preload, MAIN, ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (run.status !== 0) throw new Error(`picket ${words.join(' ')}: status ${run.status}`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
