import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config/load.js';
import { buildConfigSchema } from '../config/schema.js';
import { configWarnings } from './check.js';

const warningsOf = (text: string) =>
  configWarnings(parseConfig(buildConfigSchema([]), text, 'f'), new Date('2027-07-01T12:00:00Z'));

describe('picket check', () => {
  it('warns of an entry from the day after it expires', () => {
    const entry = (day: string) =>
      `home_nets: [10.0.0.0/8]\nallowlist: [{cidr: 192.0.2.1, reason: monitor, expires: ${day}}]`;
    expect(warningsOf(entry('2027-07-01'))).toEqual([]);
    expect(warningsOf(entry('2027-06-30'))).toEqual([
      'allowlist.0: 192.0.2.1/32 expired on 2027-06-30',
    ]);
  });

  it('warns of workers that would idle', () => {
    expect(warningsOf('home_nets: [10.0.0.0/8]\nshards: 2\nworkers: 3')).toHaveLength(1);
  });
});
