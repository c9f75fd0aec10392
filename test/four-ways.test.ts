/** Guarantee 2: whichever observer reads and however many workers judge, the words are the same. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MIXED_DEFAULTS, writeMixed } from './generate/mixed.js';
import { PcapWriter } from './generate/pcap-writer.js';
import { builtObservers, canonical, runPicket } from './support/picket.js';
import { scratchFolder } from './support/scratch.js';

const scratch = scratchFolder();
const LAB_HOME = '198.51.100.0/24,198.18.4.0/22,2001:db8:100::/64,fd01::/64';
const WORKERS = [1, 3];
const ways = builtObservers.flatMap((observer) =>
  WORKERS.map((workers) => ({ observer, workers })),
);

function mixedInput(): string {
  const path = join(scratch, 'mixed.pcap');
  const writer = new PcapWriter(path);
  writeMixed(writer, { ...MIXED_DEFAULTS, packetCount: 100_000, ratePerSecond: 5000 });
  writer.close();
  return path;
}

const CAPTURES = [
  { name: 'masscan, then nmap', home: LAB_HOME, path: () => 'test/captures/pipeline.pcap.gz' },
  { name: 'a busy link with two scanners', home: MIXED_DEFAULTS.home, path: mixedInput },
];

describe.each(CAPTURES)('$name', ({ home, path }) => {
  const capture = path();
  const answers = new Map<string, string>();
  const answerOf = (observer: string, workers: number): string => {
    const key = `${observer} ${workers}`;
    const words = ['read', capture, '--home', home, '--json'];
    const choice = ['--observer', observer, '--workers', String(workers)];
    const answer = answers.get(key) ?? canonical(runPicket([...words, ...choice]).events);
    answers.set(key, answer);
    return answer;
  };

  it('has something to report', () => {
    expect(answerOf('typescript', 1)).toContain('"event_type":"incident"');
  });

  it.each(ways)('$observer observer with $workers workers says the same', (way) => {
    expect(answerOf(way.observer, way.workers)).toBe(answerOf('typescript', 1));
  });
});
