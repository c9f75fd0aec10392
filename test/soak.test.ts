/** What a soak (bench/soak) lets pass and what not. */
import { describe, expect, it } from 'vitest';
import { growthOf, problemsOf, type Sample, sampleOf } from '../bench/soak/samples.js';

const MIB = 2 ** 20;
const sample = (seconds: number, changes: Partial<Sample> = {}): Sample => ({
  ...{ seconds, rssBytes: 300 * MIB, ringBytes: 64 * MIB, handles: 24, threads: 10 },
  ...changes,
});

/** Samples every five seconds for four minutes; `at` says what differs. */
function soaked(at: (seconds: number) => Partial<Sample>): string[] {
  const samples = Array.from({ length: 48 }, (_, index) => (index + 1) * 5);
  return problemsOf(growthOf(samples.map((seconds) => sample(seconds, at(seconds)))));
}

describe('a soak', () => {
  it('passes what stays as it was after a minute, whatever it was before', () => {
    expect(soaked((seconds) => (seconds < 60 ? { rssBytes: 100 * MIB, handles: 3 } : {}))).toEqual(
      [],
    );
  });

  it('fails what grew', () => {
    const grown = { rssBytes: 320 * MIB, handles: 25, threads: 11 };
    const problems = soaked((seconds) => (seconds > 180 ? grown : {}));
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(/^memory grew by 6.7 %/);
  });

  it('looks past the rounds of garbage collection when it is long enough', () => {
    // A round of 90 s, at another point of it when the soak ends.
    const round = (seconds: number) => ({ rssBytes: (290 + ((seconds % 90) / 90) * 25) * MIB });
    const long = Array.from({ length: 12 * 20 }, (_, index) => (index + 1) * 5);
    const growth = growthOf(long.map((seconds) => sample(seconds, round(seconds))));
    expect(growth.spanS).toBe(180);
    expect(problemsOf(growth)).toEqual([]);
    const leaking = long.map((seconds) =>
      sample(seconds, { rssBytes: (290 + seconds / 50) * MIB }),
    );
    expect(problemsOf(growthOf(leaking))).toHaveLength(1);
  });

  it('fails too much memory, of which the ring is no part', () => {
    expect(soaked(() => ({ rssBytes: 570 * MIB }))).toEqual([]);
    expect(soaked((seconds) => (seconds === 100 ? { rssBytes: 580 * MIB } : {}))).toEqual([
      'memory reached 516 MiB, 512 are allowed',
    ]);
  });

  it('says nothing of less than three minutes', () => {
    expect(() => growthOf([sample(70), sample(100)])).toThrow();
  });

  it.runIf(process.platform === 'linux')('looks at a process', () => {
    const own = sampleOf(process.pid, 5);
    expect(own.rssBytes).toBeGreaterThan(10 * MIB);
    expect(own.ringBytes).toBe(0);
    expect(own.handles).toBeGreaterThan(2);
    expect(own.threads).toBeGreaterThan(1);
  });
});
