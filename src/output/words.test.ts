import { describe, expect, it } from 'vitest';
import type { Phase } from '../../packages/plugin-api/src/finding.js';
import { makeIncident } from './testkit/incidents.js';
import { deedText } from './words.js';

describe('what an incident did', () => {
  const deeds: [hosts: number, phases: Phase[], said: string][] = [
    [256, ['breadth'], 'swept the network'],
    [256, ['breadth', 'depth'], 'swept the network, then studied single hosts'],
    [3, ['depth'], 'studied 3 hosts'],
    [1, ['depth'], 'studied one host'],
    [1, ['breadth'], 'probed one host'],
    [1, ['breadth', 'depth'], 'studied one host'],
    [1, ['breadth', 'depth', 'evasion'], 'studied one host, under cover'],
    [2, ['evasion'], 'probed 2 hosts under cover'],
  ];

  it.each(deeds)('on %i hosts, %j: %s', (hosts, phases, said) => {
    const { scope } = makeIncident();
    expect(deedText(makeIncident({ phases, scope: { ...scope, hosts } }))).toBe(said);
  });
});
