import { describe, expect, it } from 'vitest';
import type { Activity, Incident } from '../../packages/plugin-api/src/finding.js';
import {
  hosts,
  makeActivity,
  makeFinding,
  tcpPorts,
  TEST_TIME_US,
} from '../../packages/plugin-api/src/testkit/findings.js';
import { Correlator } from './correlator.js';

const at = (second: number): number => TEST_TIME_US + second * 1_000_000;
const OPEN = hosts('198.51.100.', 10, 5);
const services = (ips: string[]) => ips.map((ip) => ({ ip, port: 22, proto: 'tcp' }));
const VISITOR = { ip: '192.0.2.50', tunnel: 0 };

/** A sweep of 200 hosts at second 1 that finds five of them open. */
const sweep = makeFinding({
  id: 'a',
  judgedUs: at(1),
  firstSeenUs: at(0),
  lastSeenUs: at(1) - 1,
  activity: makeActivity({
    targets: hosts('198.51.100.', 1, 200),
    ports: tcpPorts([22], 200),
    exposed: services(OPEN),
  }),
});

/** A visit of another source to `targets`, of which `exposed` are open. */
function visit(second: number, targets: string[], exposed: string[]): Partial<Activity> {
  const lastSeenUs = at(second) - 1;
  const ports = tcpPorts([22], targets.length);
  return { source: VISITOR, lastSeenUs, targets, ports, exposed: services(exposed) };
}

/** The last event of each incident, after a visitor came at `second` and did `activity`. */
function play(second: number, activity: Partial<Activity>): Incident[] {
  const correlator = new Correlator({ shardCount: 1, idleS: 600 });
  const quiet = { shard: 0, final: false, progress: [], suspects: [], traffic: null };
  const latest = new Map<string, Incident>();
  const visiting = makeFinding({
    id: 'b',
    kind: 'version_scan',
    source: VISITOR,
    target: { ip: OPEN[0], tunnel: 0 },
    judgedUs: at(second),
    firstSeenUs: at(second - 1),
    lastSeenUs: at(second) - 1,
    activity: makeActivity(activity),
  });
  correlator.accept({ ...quiet, watermarkUs: at(1), findings: [sweep] });
  const events = correlator.advance();
  correlator.accept({ ...quiet, watermarkUs: at(second), findings: [visiting] });
  events.push(...correlator.advance(), ...correlator.end());
  for (const event of events) {
    if (event.type === 'incident') latest.set(event.incident.id, event.incident);
  }
  return [...latest.values()];
}

describe('informers', () => {
  it('joins a visitor of only what was found to the scan that found it', () => {
    const [incident, ...others] = play(30, visit(30, OPEN, OPEN));
    expect(others).toEqual([]);
    expect(incident.actors.map(({ ip }) => ip)).toEqual(['203.0.113.7', '192.0.2.50']);
    expect(incident.reasons).toContainEqual(
      expect.stringContaining('192.0.2.50 went only where this scan had found services open'),
    );
  });

  it('names the informer of a visitor that comes after the scan has ended', () => {
    const [scan, visitor] = play(3600, visit(3600, OPEN, OPEN));
    expect(visitor.actors.map(({ ip }) => ip)).toEqual(['192.0.2.50']);
    expect(visitor.reasons).toContainEqual(
      expect.stringContaining(`informed by incident ${scan.id}`),
    );
  });

  it('forgets what was learned after a day', () => {
    const [, visitor] = play(100_000, visit(100_000, OPEN, OPEN));
    expect(visitor.reasons.join()).not.toContain('informed');
  });

  it.each<[string, string[], string[]]>([
    ['tries closed hosts as often as anyone', hosts('198.51.100.', 1, 100), OPEN],
    ['finds nothing open', OPEN, []],
    ['tries one of the few hosts that live', OPEN.slice(0, 1), OPEN.slice(0, 1)],
    ['goes elsewhere', hosts('192.0.2.', 1, 5), hosts('192.0.2.', 1, 5)],
  ])('leaves a visitor alone that %s', (_, targets, exposed) => {
    const incidents = play(30, visit(30, targets, exposed));
    expect(incidents.map(({ actors }) => actors.length)).toEqual([1, 1]);
  });
});
