import { describe, expect, it } from 'vitest';
import { loadConfig, type Override } from '../config/load.js';
import { plainConfig } from '../config/plain.js';
import { buildConfigSchema } from '../config/schema.js';
import { DETECTORS } from '../detect/registry.js';

const schema = buildConfigSchema(DETECTORS);
const home = (value: unknown): Override => ({ flag: '--home', path: ['home_nets'], value });
const observer: Override = { flag: '--observer', path: ['observer'], value: 'native' };

describe('the configuration of a run without a file', () => {
  it('is what the schema says', () => {
    const networks = home(['198.51.100.7/24', ' 2001:DB8::/32', '192.0.2.1']);
    for (const overrides of [[], [observer], [networks], [networks, observer], [home([])]]) {
      expect(plainConfig(overrides)).toEqual(loadConfig(schema, { path: null, overrides }));
    }
  });

  it('leaves to the schema what it does not know for certain', () => {
    const workers: Override = { flag: '--workers', path: ['workers'], value: 2 };
    const many = Array.from({ length: 257 }, () => '192.0.2.1');
    const other = { ...observer, value: 'none' };
    for (const override of [home(['nonsense']), home('192.0.2.1'), home(many), workers, other]) {
      expect(plainConfig([observer, override])).toBeNull();
    }
  });
});
