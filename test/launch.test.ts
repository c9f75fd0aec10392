/** The built program starts with what is kept of its code, and as well without. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { scratchFolder } from './support/scratch.js';

const COMMAND = resolve('dist/code/src/main.js');

const folder = scratchFolder();
const code = join(folder, 'code.js');
writeFileSync(code, '(function(exports,require){exports.answer=require("./other.js").seven*6})');
writeFileSync(join(folder, 'other.js'), '(function(exports){exports.seven=7})');

function run(program: string, flags: string[] = []): string {
  return spawnSync(process.execPath, [...flags, '-e', program], { encoding: 'utf8' }).stdout;
}

function launched(cache: Uint8Array | null): string {
  if (cache) writeFileSync(`${code}.cache`, cache);
  const launch = JSON.stringify(resolve('dist/src/launch.js'));
  return run(`console.log(require(${launch}).launch(${JSON.stringify(code)}).answer)`);
}

it('runs without a cache, with what is none, with half of one, with that of other code', () => {
  expect(launched(null)).toBe('42\n');
  expect(launched(Buffer.from('this is no cache'))).toBe('42\n');
  const kept = readFileSync(`${COMMAND}.cache`);
  expect(launched(kept.subarray(0, kept.length / 2))).toBe('42\n');
  expect(launched(kept)).toBe('42\n');
});

it('takes what is kept of the command under the flags of its first line', () => {
  const flags = /^#!.* node (.*)/.exec(readFileSync('dist/src/main.js', 'utf8'))?.[1] ?? '';
  const program = `
    const { readFileSync } = require('node:fs');
    const filename = ${JSON.stringify(COMMAND)};
    const cachedData = readFileSync(filename + '.cache');
    const { Script } = require('node:vm');
    const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData });
    console.log(script.cachedDataRejected);`;
  expect(run(program, flags.split(' '))).toBe('false\n');
});
