import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { PicketError } from '../shared/errors.js';
import { parseConfig, type Override } from './load.js';
import { buildConfigSchema } from './schema.js';

const schema = buildConfigSchema([
  {
    id: 'port_scan',
    summary: 'Many ports of one target.',
    config: z.object({
      enabled: z.boolean().default(true).describe('Whether it runs.'),
      threshold: z.int().min(1).max(65_535).default(100).describe('Distinct ports.'),
    }),
  },
]);

function mistakes(text: string, overrides: Override[] = []): string[] {
  try {
    parseConfig(schema, text, 'picket.yaml', overrides);
  } catch (error) {
    if (!(error instanceof PicketError)) throw error;
    expect(error.code).toBe('config-invalid');
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

describe('configuration', () => {
  it('has a default for everything', () => {
    const config = parseConfig(schema, '', 'picket.yaml');
    expect(config).toMatchObject({
      sensor: 'local',
      shards: 16,
      epoch_ms: 1000,
      tables: { sources_max: 65_536, singles_emitted_max: 16_384 },
      early: { targets: 100, ports: 100, pairs: 250 },
      detectors: { port_scan: { enabled: true, threshold: 100 } },
    });
  });

  it('takes an empty section for its defaults', () => {
    expect(parseConfig(schema, 'detectors:\ntables:\nhome_nets:\n', 'f').tables.flows_max).toBe(
      524_288,
    );
  });

  it('names every mistake at once, with place, path, value and what is accepted', () => {
    const text = [
      'home_nets: [198.51.100.0/33]',
      'shards: many',
      'observer: fast',
      'detectors:',
      '  port_scan:',
      '    threshold: 0',
      '    treshold: 5',
      'allowlist:',
      '  - cidr: 192.0.2.1',
    ].join('\n');
    expect(mistakes(text)).toEqual([
      'picket.yaml:1:13: home_nets.0: "198.51.100.0/33" is not accepted; give text like ' +
        '198.51.100.0/24',
      'picket.yaml:2:9: shards: "many" is not accepted; give integer from 1 to 256 (default 16)',
      'picket.yaml:3:11: observer: "fast" is not accepted; give one of auto, native, typescript ' +
        '(default auto)',
      'picket.yaml:6:16: detectors.port_scan.threshold: 0 is not accepted; give integer from 1 ' +
        'to 65535 (default 100)',
      'picket.yaml:7:5: detectors.port_scan.treshold: unknown key; did you mean threshold?',
      'picket.yaml:9:5: allowlist.0.reason: missing; give text of 1 to 500 characters',
    ]);
  });

  it('lists what is known when no key is near', () => {
    const [line] = mistakes('capture:\n  zzzzzz: 1\n');
    expect(line).toBe(
      'picket.yaml:2:3: capture.zzzzzz: unknown key; known here: interface, snap_length, ' +
        'buffer_mib, rings, promiscuous, filter, relief',
    );
  });

  it.each([
    ['a: [1', /^picket\.yaml:1:\d+: not valid YAML: /],
    ['sensor: a\nsensor: b\n', /^picket\.yaml:2:1: not valid YAML: Map keys must be unique/],
    ['- 1\n', /^picket\.yaml:1:1: \[1\] is not accepted; give section with sensor, /],
    [
      'a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b, ' +
        '*b, *b]\nd: *c\n',
      /^picket\.yaml:/,
    ],
  ])('answers unusable YAML with a place: %j', (text, expected) => {
    expect(mistakes(text)[0]).toMatch(expected);
  });

  it('clears host bits and makes bare addresses networks', () => {
    const { home_nets } = parseConfig(
      schema,
      'home_nets: [198.51.100.77/24, "2001:db8::5", 10.0.0.1]',
      'f',
    );
    expect(home_nets).toEqual(['198.51.100.0/24', '2001:db8::5/128', '10.0.0.1/32']);
  });

  it('lets the command line win over the file and blames the flag for its own mistakes', () => {
    const workers = (value: unknown): Override => ({ path: ['workers'], value, flag: '--workers' });
    expect(parseConfig(schema, 'workers: 2', 'f', [workers(3)]).workers).toBe(3);
    expect(mistakes('workers: 2', [workers(99)])).toEqual([
      '--workers: workers: 99 is not accepted; give integer from 0 to 64 (default 0)',
    ]);
  });
});
