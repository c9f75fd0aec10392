/**
 * Damaged and impossible input: one clear message, the right exit status, nothing readable lost.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BURST_HOME, BURST_SOURCE, burstFrames } from './generate/bursts.js';
import { writePcap } from './generate/pcap-writer.js';
import { builtObservers, findingsOf, type Outcome, runPicket } from './support/picket.js';
import { scratchFolder } from './support/scratch.js';

const scratch = scratchFolder();
const at = (name: string): string => join(scratch, name);

/**
 * A capture with an address scan in it; 120 frames of 58 + 16 bytes behind 24 bytes of file header.
 */
const whole = ((): Buffer => {
  writePcap(at('whole.pcap'), burstFrames([{ across: 'targets', count: 120, fromS: 0, toS: 30 }]));
  return readFileSync(at('whole.pcap'));
})();
const RECORD_SIZE = 58 + 16;
const LAST_RECORD_AT = 24 + 119 * RECORD_SIZE;

function read(observer: string, path: string, more: string[] = []): Outcome {
  return runPicket(['read', path, '--home', BURST_HOME, '--json', '--observer', observer, ...more]);
}

function expectScanReported({ events }: Outcome): void {
  const scans = findingsOf(events, 'address_scan');
  expect(scans.some((event) => event.src_ip === BURST_SOURCE)).toBe(true);
}

/** One message of the program's own: no stack trace, and it names the place. */
function expectMessage({ stderr }: Outcome, ...parts: (string | RegExp)[]): void {
  for (const part of parts) expect(stderr).toMatch(part);
  expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
}

describe.each(builtObservers)('%s observer', (observer) => {
  it('reports a truncated capture up to the cut and names the offset', () => {
    writeFileSync(at('cut.pcap'), whole.subarray(0, LAST_RECORD_AT + 30));
    const outcome = read(observer, at('cut.pcap'));
    expect(outcome.status).toBe(3);
    expectScanReported(outcome);
    expectMessage(outcome, 'cut.pcap', String(LAST_RECORD_AT));
  });

  it('reports a truncated compressed capture up to the cut', () => {
    const compressed = gzipSync(whole);
    writeFileSync(at('cut.pcap.gz'), compressed.subarray(0, compressed.length - 20));
    const outcome = read(observer, at('cut.pcap.gz'));
    expect(outcome.status).toBe(3);
    expectMessage(outcome, 'cut.pcap.gz');
  });

  it('reports what came before an impossible length', () => {
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(0x7fffffff, LAST_RECORD_AT + 8);
    writeFileSync(at('length.pcap'), bytes);
    const outcome = read(observer, at('length.pcap'));
    expect(outcome.status).toBe(3);
    expectScanReported(outcome);
    expectMessage(outcome, 'length.pcap', String(LAST_RECORD_AT));
  });

  it('says which link type it does not know', () => {
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(147, 20); // LINKTYPE_USER0: private use, nobody can know it.
    writeFileSync(at('link.pcap'), bytes);
    const outcome = read(observer, at('link.pcap'));
    expect([2, 3]).toContain(outcome.status);
    expectMessage(outcome, 'link.pcap', '147');
  });

  it('says so when a file is not a capture', () => {
    writeFileSync(at('notes.pcap'), 'these are notes, not packets\n');
    const outcome = read(observer, at('notes.pcap'));
    expect([2, 3]).toContain(outcome.status);
    expectMessage(outcome, 'notes.pcap');
  });

  it('names a file that does not exist', () => {
    const outcome = read(observer, at('nothing.pcap'));
    expect(outcome.status).toBe(2);
    expectMessage(outcome, 'nothing.pcap', /no such file|does not exist/i);
  });

  it.skipIf(process.getuid?.() === 0)('names a file that may not be read', () => {
    writeFileSync(at('secret.pcap'), whole);
    chmodSync(at('secret.pcap'), 0);
    const outcome = read(observer, at('secret.pcap'));
    expect(outcome.status).toBe(2);
    expectMessage(outcome, 'secret.pcap', /permission/i);
  });

  it('names a folder without captures', () => {
    mkdirSync(at('empty'), { recursive: true });
    const outcome = read(observer, at('empty'));
    expect(outcome.status).toBe(2);
    expectMessage(outcome, at('empty'));
  });

  it('names an interface that does not exist', () => {
    const outcome = runPicket([
      'run',
      '-i',
      'nosuch0',
      '--home',
      BURST_HOME,
      '--observer',
      observer,
    ]);
    expect(outcome.status).toBe(2);
    expectMessage(outcome, 'nosuch0');
  });

  it('reads an empty capture and says nothing', () => {
    writeFileSync(at('empty.pcap'), whole.subarray(0, 24));
    const outcome = read(observer, at('empty.pcap'));
    expect(outcome.status).toBe(0);
    expect(findingsOf(outcome.events)).toEqual([]);
  });

  it('reads standard input', () => {
    const words = ['read', '-', '--home', BURST_HOME, '--json', '--observer', observer];
    const outcome = runPicket(words, { input: whole });
    expect(outcome.status, outcome.stderr).toBe(0);
    expectScanReported(outcome);
  });
});

describe('the command line and the configuration', () => {
  const MISTAKES = `home_nets: [198.51.100.0/33]
epoch_ms: 5
windows_s: 60
workers: many
log: { level: loud }
`;
  const PATHS = ['home_nets', 'epoch_ms', 'windows_s', 'workers', 'log.level'];

  it.each([
    ['check', ['check']],
    ['read', ['read', 'whole.pcap']],
  ])('%s names all five mistakes of a configuration, each with its path', (_, words) => {
    writeFileSync(at('mistakes.yaml'), MISTAKES);
    const outcome = runPicket([...words, '--config', at('mistakes.yaml')], { cwd: scratch });
    expect(outcome.status).toBe(2);
    expectMessage(outcome, ...PATHS);
  });

  it('takes redis.url for run as well, and says when it is none', () => {
    const config = at('fleet.yaml');
    writeFileSync(config, 'redis: { url: "ftp://user:secret@queue" }\n');
    const outcome = runPicket(['run', '-i', 'lo', '--config', config]);
    expect(outcome.status).toBe(2);
    expectMessage(outcome, /Redis URL cannot be used/);
    expect(outcome.stderr).not.toContain('secret');
  });

  it('asks for the protected networks when nobody named them', () => {
    const outcome = runPicket(['read', at('whole.pcap'), '--json'], { cwd: scratch });
    expect(outcome.status).toBe(2);
    expectMessage(outcome, '--home');
  });

  it.each([[['read']], [['listen']], [['read', 'x', '--unknown']]])(
    '%j is wrong usage',
    (words) => {
      const outcome = runPicket(words);
      expect(outcome.status).toBe(2);
      expect(outcome.stderr).not.toBe('');
      expect(outcome.stdout).toBe('');
    },
  );
});
