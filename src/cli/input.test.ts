import { describe, expect, it } from 'vitest';
import { buildConfigSchema } from '../config/schema.js';
import { liveConfig, liveInput } from './input.js';

const configOf = (capture: object, more: object = {}) =>
  buildConfigSchema([]).parse({
    home_nets: ['198.51.100.0/24'],
    capture: { interface: 'near0', ...capture },
    privileges: { stay_root: true },
    ...more,
  });

describe('live input', () => {
  it('has the filter of the configuration, and none of ours unasked', () => {
    expect(liveInput(configOf({})).filter).toBeUndefined();
    expect(liveInput(configOf({ filter: 'tcp' }))).toMatchObject({ filter: 'tcp' });
    expect(liveInput(configOf({ filter: 'tcp' })).hasRelief).toBeUndefined();
    expect(liveInput(configOf({ filter: 'tcp' })).hasOwnFilter).toBe(true);
  });

  it('has relief in front of that filter, with the protected networks', () => {
    const { filter, hasRelief } = liveInput(configOf({ filter: 'vlan or tcp', relief: true }));
    expect(hasRelief).toBe(true);
    expect(filter).toMatch(/^not \(.*ip src net 198\.51\.100\.0\/24.*\) and \(vlan or tcp\)$/);
  });
});

describe('live configuration', () => {
  it('lets a relieved sensor wait before silence tells, at least', () => {
    const waits = (capture: object, more?: object) =>
      liveConfig(configOf(capture, more), 'near0').silent_after_s;
    expect(waits({})).toBe(0);
    expect(waits({ relief: true })).toBe(10);
    expect(waits({ relief: true }, { silent_after_s: 60 })).toBe(60);
  });

  it('protects private networks when none is named', () => {
    const { home_nets } = liveConfig(configOf({}, { home_nets: [] }), 'near0');
    expect(home_nets).toContain('10.0.0.0/8');
  });
});
