import { describe, expect, it } from 'vitest';
import { answerForms } from '../../fleet/command-answers.js';
import type { KnownMember } from '../../transport/bullmq/members.js';
import { secondsOf } from './command.js';
import { answerPage } from './command-page.js';
import { targetsOf } from './command-target.js';

const member = (id: string, more: Partial<KnownMember>): KnownMember => {
  return { id, role: 'worker', partitions: [], host: 'h', pid: 1, stats: {}, ...more };
};
const members = [
  member('h:1:a', { role: 'sensor', sensor: 'edge-1' }),
  member('h:2:b', { role: 'sensor', sensor: 'edge-1' }),
  member('h:3:c', {}),
  member('h:4:d', { role: 'correlator' }),
  member('h:5:e', { role: 'worker, correlator', sensor: 'all-in-one' }),
];
const names = (wanted: string, verb: 'report' | 'dump' = 'report') =>
  targetsOf(members, wanted, verb).map(({ name }) => name);

describe('whom a command goes to', () => {
  it('is a sensor by its name, once, or a process by its id', () => {
    expect(targetsOf(members, 'edge-1', 'dump')).toEqual([
      { name: 'edge-1', address: 'sensor:edge-1' },
    ]);
    expect(targetsOf(members, 'h:3:c', 'report')).toEqual([
      { name: 'h:3:c', address: 'process:h:3:c' },
    ]);
    expect(names('h:5:e')).toEqual(['all-in-one']);
  });

  it('is a group: of those who can', () => {
    expect(names('all')).toEqual(['edge-1', 'h:3:c', 'h:4:d', 'all-in-one']);
    expect(names('all', 'dump')).toEqual(['edge-1', 'all-in-one']);
    expect(names('workers')).toEqual(['h:3:c', 'all-in-one']);
    expect(names('correlators')).toEqual(['h:4:d', 'all-in-one']);
  });

  it('is somebody who is there', () => {
    expect(() => names('edge-2')).toThrow(/no edge-2 to tell it\. Running: edge-1 \(sensor\), /);
    expect(() => names('workers', 'dump')).not.toThrow();
    expect(() => targetsOf([], 'all', 'report')).toThrow(/No process of this fleet is running/);
    const evil = [member('x\u001b[2J', {})];
    expect(() => targetsOf(evil, 'constructor', 'report')).toThrow(/x\\u\{1b\}\[2J/);
  });
});

it('durations are taken with a unit, within bounds', () => {
  const taken = ['90', '90s', '10m', '2h', '1d'].map((text) => secondsOf('--for', text, 1e6));
  expect(taken).toEqual([90, 90, 600, 7_200, 86_400]);
  for (const text of ['', '1w', '-1', '1.5h', '12d'])
    expect(() => secondsOf('--for', text, 1e6)).toThrow(/--for/);
});

it('lets no text from Redis reach the terminal', () => {
  const report = {
    ...{ role: 'sensor\u001b[2J', host: 'h', pid: 1, version: '1', uptime_s: 4_000 },
    sections: { capture: { frames: 1_234_567, dropped: 0, 'evil\u001b[2J': 2.5 } },
  };
  const page = answerPage('report', 'edge\u202e', answerForms.report.parse(report));
  expect(['\u001b', '\u202e'].some((evil) => page.includes(evil))).toBe(false);
  expect(page).toContain('frames');
  expect(page).toContain('1,234,567');
  expect(page).not.toContain('dropped');
});

it('an answer of another form is not taken', () => {
  expect(answerForms.watch.safeParse({ sensor: 'x', source: 'y' }).success).toBe(false);
  expect(answerForms.reload.safeParse('done').success).toBe(false);
});
