import { describe, expect, it } from 'vitest';
import type { Activity, Finding, Incident } from '../../packages/plugin-api/src/finding.js';
import {
  hosts,
  makeActivity,
  makeFinding,
  tcpPorts,
  TEST_TIME_US,
} from '../../packages/plugin-api/src/testkit/findings.js';
import { Correlator, type OutputEvent } from './correlator.js';
import type { CorrelateOptions } from './options.js';

const SECOND = 1_000_000;
/** The end of the n-th epoch. */
const at = (second: number): number => TEST_TIME_US + second * SECOND;

/** One shard; each call ends an epoch. */
class Story {
  readonly correlator: Correlator;
  readonly events: OutputEvent[] = [];

  constructor(options: Partial<CorrelateOptions> = {}) {
    this.correlator = new Correlator({ shardCount: 1, ...options });
  }

  epoch(
    second: number,
    findings: Partial<Finding>[] = [],
    progress: Partial<Activity>[] = [],
  ): Incident[] {
    const lastSeenUs = at(second) - 1;
    const before = this.events.length;
    this.correlator.accept({
      shard: 0,
      watermarkUs: at(second),
      final: false,
      findings: findings.map((given) =>
        makeFinding({ lastSeenUs, judgedUs: at(second), ...given }),
      ),
      progress: progress.map((given) => makeActivity({ lastSeenUs, ...given })),
      suspects: [],
      traffic: null,
    });
    this.events.push(...this.correlator.advance());
    return incidentsOf(this.events.slice(before));
  }

  end(): Incident[] {
    return incidentsOf(this.correlator.end());
  }
}

const incidentsOf = (events: OutputEvent[]): Incident[] =>
  events.flatMap((event) => (event.type === 'incident' ? [event.incident] : []));

describe('correlator: incidents', () => {
  it('opens one incident for all findings of a source in an epoch', () => {
    const story = new Story();
    const [incident, ...others] = story.epoch(1, [
      { id: 'b', kind: 'port_scan', target: { ip: '198.51.100.1', tunnel: 0 } },
      { id: 'a' },
    ]);
    expect(others).toEqual([]);
    expect(incident).toMatchObject({
      state: 'opened',
      kinds: ['address_scan', 'port_scan'],
      phases: ['breadth', 'depth'],
      actors: [{ ip: '203.0.113.7', role: 'operator' }],
      evidence: ['a', 'b'],
      judgedUs: at(1),
    });
  });

  it.each(['syn_flood', 'backscatter', 'fan_out'] as const)('opens none for %s', (kind) => {
    const story = new Story();
    expect(story.epoch(1, [{ kind }])).toEqual([]);
    expect(story.end()).toEqual([]);
    expect(story.events.map((event) => event.type)).toEqual(['finding']);
  });

  it('opens none for a finding about a target alone, and still prints it', () => {
    const story = new Story();
    story.epoch(1, [
      { kind: 'distributed_port_scan', source: null, target: { ip: '198.51.100.1', tunnel: 0 } },
    ]);
    expect(story.events.map((event) => event.type)).toEqual(['finding']);
  });

  it('keeps the same address in two tunnels apart', () => {
    const story = new Story();
    const incidents = story.epoch(1, [
      { id: 'a' },
      { id: 'b', source: { ip: '203.0.113.7', tunnel: 9 } },
    ]);
    expect(new Set(incidents.map((incident) => incident.id)).size).toBe(2);
  });

  it('has the same id on every replay, and another than its finding', () => {
    const [first] = new Story().epoch(1, [{ id: 'a' }]);
    const [second] = new Story({ order: 'arrival' }).epoch(1, [{ id: 'a' }]);
    expect(first.id).toBe(second.id);
    expect(first.id).toMatch(/^[0-9a-f]{16}$/);
    expect(new Story().epoch(1, [{ id: 'b' }])[0].id).not.toBe(first.id);
  });

  it('stays silent while a scan goes on, and knows its end when it closes', () => {
    const story = new Story();
    story.epoch(1, [{}]);
    for (let second = 2; second <= 30; second++) {
      expect(story.epoch(second, [], [{ targets: hosts('198.51.100.', second, 100) }])).toEqual([]);
    }
    const [closed] = story.end();
    expect(closed).toMatchObject({
      state: 'closed',
      lastSeenUs: at(30) - 1,
      scope: { hosts: 129 },
    });
  });

  const news: [string, Partial<Finding>[], Partial<Activity>[]][] = [
    ['kind', [{ id: 'b', kind: 'random_scan' }], []],
    ['phase', [{ id: 'b', kind: 'stealth_scan' }], []],
    ['tool', [], [{ tools: [{ name: 'masscan', confidence: 0.9 }] }]],
    ['first exposed service', [], [{ exposed: [{ ip: '198.51.100.1', port: 443, proto: 'tcp' }] }]],
  ];
  it.each(news)(
    'speaks at once on a new %s, and not again for the same',
    (_, findings, progress) => {
      const story = new Story();
      story.epoch(1, [{}]);
      expect(story.epoch(2, findings, progress)).toHaveLength(1);
      expect(story.epoch(3, findings, progress)).toEqual([]);
    },
  );

  it('says further exposed services and tenfold growth once in the quiet time', () => {
    const story = new Story({ quietS: 10 });
    const exposed = (count: number) =>
      hosts('198.51.100.', 1, count).map((ip) => ({ ip, port: 22, proto: 'tcp' }));
    story.epoch(1, [{ activity: makeActivity({ exposed: exposed(1) }) }]);
    const spoke = Array.from({ length: 30 }, (_, index) => index + 2).filter(
      (second) => story.epoch(second, [], [{ exposed: exposed(second) }]).length > 0,
    );
    expect(spoke).toEqual([11, 21, 31]);
    expect(story.epoch(60, [], [{ targetCount: 999, exact: false }])).toEqual([]);
    expect(story.epoch(61, [], [{ targetCount: 1000, exact: false }])).toMatchObject([
      { scope: { hosts: 1000, exact: false } },
    ]);
  });

  it('closes after the idle time of packet time, at its deadline, and opens anew later', () => {
    const story = new Story({ idleS: 600 });
    const [opened] = story.epoch(1, [{ id: 'a' }]);
    expect(story.epoch(600)).toEqual([]);
    const [closed] = story.epoch(700);
    expect(closed).toMatchObject({
      id: opened.id,
      state: 'closed',
      judgedUs: at(1) - 1 + 600 * SECOND,
    });
    expect(story.epoch(800, [{ id: 'b' }])).toMatchObject([{ state: 'opened' }]);
  });

  it('waits as long as the window of the slowest finding', () => {
    const story = new Story({ idleS: 600 });
    story.epoch(1, [{ kind: 'slow_scan', windowS: 3600 }]);
    expect(story.epoch(1200)).toEqual([]);
    expect(story.epoch(3700)).toMatchObject([{ state: 'closed' }]);
  });

  it('does not open an incident for a finding that ended', () => {
    expect(new Story().epoch(1, [{ state: 'ended' }])).toEqual([]);
  });

  it('names the end of input when it closes what is still open, once', () => {
    const story = new Story();
    story.epoch(1, [{}]);
    story.epoch(5);
    expect(story.end()).toMatchObject([{ state: 'closed', judgedUs: at(5) }]);
    expect(story.end()).toEqual([]);
  });

  it('refuses incidents beyond the bound, counts them and still prints the findings', () => {
    const story = new Story();
    const findings = Array.from({ length: 16_385 }, (_, index) => ({
      id: `f${index}`,
      source: { ip: '203.0.113.7', tunnel: index },
      activity: null,
    }));
    story.epoch(1, findings);
    expect(story.correlator.stats()).toMatchObject({
      findings: 16_385,
      incidents_open: 16_384,
      incidents_opened: 16_384,
      incidents_refused: 1,
    });
    expect(story.events.filter((event) => event.type === 'finding')).toHaveLength(16_385);
  });
});

describe('correlator: scope', () => {
  it('is the exact union over findings and progress', () => {
    const story = new Story();
    story.epoch(1, [{ activity: makeActivity({ targets: hosts('198.51.100.', 1, 100) }) }]);
    story.epoch(
      2,
      [],
      [{ targets: hosts('198.51.100.', 51, 100), ports: tcpPorts([22, 443], 100) }],
    );
    const [{ scope }] = story.end();
    expect(scope).toMatchObject({ hosts: 150, ports: 2, pairs: 200, exact: false });
    expect(scope.topPorts).toEqual([
      { proto: 'tcp', port: 22, hits: 100 },
      { proto: 'tcp', port: 443, hits: 100 },
    ]);
    expect(scope.targets.slice(0, 2)).toEqual(['198.51.100.1', '198.51.100.2']);
  });

  it('is exact while one window holds everything', () => {
    const story = new Story();
    story.epoch(1, [{}]);
    expect(story.end()).toMatchObject([
      { scope: { hosts: 100, ports: 1, pairs: 100, exact: true } },
    ]);
  });

  it('is the largest estimate when the lists are incomplete', () => {
    const story = new Story();
    story.epoch(1, [
      { activity: makeActivity({ targetCount: 65_000, pairCount: 65_000, exact: false }) },
    ]);
    expect(story.end()).toMatchObject([{ scope: { hosts: 65_000, pairs: 65_000, exact: false } }]);
  });

  it('stays within its sets and says that it is an estimate', () => {
    const story = new Story();
    story.epoch(1, [{}]);
    for (let block = 0; block < 60; block++)
      story.epoch(2 + block, [], [{ targets: hosts(`10.0.${block}.`, 0, 100) }]);
    expect(story.end()).toMatchObject([{ scope: { hosts: 4096, exact: false } }]);
    expect(story.correlator.stats().scope_members_refused).toBeGreaterThan(0);
  });

  it('lists exposed services once, in address order', () => {
    const story = new Story();
    const exposed = [
      { ip: '198.51.100.20', port: 22, proto: 'tcp' },
      { ip: '198.51.100.3', port: 443, proto: 'tcp' },
      { ip: '198.51.100.3', port: 22, proto: 'tcp' },
      { ip: '198.51.100.20', port: 22, proto: 'tcp' },
    ];
    const [incident] = story.epoch(1, [{ activity: makeActivity({ exposed }) }]);
    expect(incident.exposed.map(({ ip, port }) => `${ip}:${port}`)).toEqual([
      '198.51.100.3:22',
      '198.51.100.3:443',
      '198.51.100.20:22',
    ]);
  });

  it('adds up the open services beyond the lists, and says when there were more', () => {
    const story = new Story();
    const services = (first: number, count: number) =>
      hosts('198.51.100.', first, count).map((ip) => ({ ip, port: 443, proto: 'tcp' }));
    const [opened] = story.epoch(1, [
      { activity: makeActivity({ exposed: services(1, 2), unlistedExposed: services(2, 3) }) },
    ]);
    expect(opened.exposedScope).toEqual({ services: 4, hosts: 4, complete: true });
    story.epoch(2, [], [{ unlistedExposed: services(9, 1) }]);
    story.epoch(3, [], [{ exposedComplete: false }]);
    const [closed] = story.end();
    expect(closed.exposedScope).toEqual({ services: 5, hosts: 5, complete: false });
    expect(closed.exposed).toHaveLength(5);
  });

  it('keeps the best confidence of each tool', () => {
    const story = new Story();
    const tools = (confidence: number) => [
      { name: 'nmap', confidence },
      { name: 'masscan', confidence: 0.6 },
    ];
    story.epoch(1, [{ activity: makeActivity({ tools: tools(0.9) }) }]);
    story.epoch(2, [], [{ tools: tools(0.3) }]);
    expect(story.end()[0].tools).toEqual([
      { name: 'nmap', confidence: 0.9 },
      { name: 'masscan', confidence: 0.6 },
    ]);
  });
});

describe('correlator: order', () => {
  it('holds an epoch back until every shard has judged it', () => {
    const correlator = new Correlator({ shardCount: 2 });
    const quiet = { findings: [], progress: [], suspects: [], traffic: null, final: false };
    correlator.accept({
      ...quiet,
      shard: 0,
      watermarkUs: at(2),
      findings: [makeFinding({ judgedUs: at(1) })],
    });
    expect(correlator.advance()).toEqual([]);
    correlator.accept({ ...quiet, shard: 1, watermarkUs: at(0) });
    expect(correlator.advance()).toEqual([]);
    correlator.accept({ ...quiet, shard: 1, watermarkUs: at(1) });
    expect(correlator.advance().map((event) => event.type)).toEqual(['finding', 'incident']);
  });

  it('does not wait for a shard that has ended', () => {
    const correlator = new Correlator({ shardCount: 2 });
    const quiet = { findings: [], progress: [], suspects: [], traffic: null };
    correlator.accept({ ...quiet, shard: 1, watermarkUs: at(0), final: true });
    correlator.accept({
      ...quiet,
      shard: 0,
      watermarkUs: at(1),
      final: false,
      findings: [makeFinding({ judgedUs: at(1) })],
    });
    expect(correlator.advance()).toHaveLength(2);
  });

  it('speaks before the epoch ends when the order is by arrival', () => {
    const correlator = new Correlator({ shardCount: 2, order: 'arrival' });
    correlator.accept({
      shard: 0,
      watermarkUs: at(0),
      final: false,
      progress: [],
      suspects: [],
      traffic: null,
      findings: [makeFinding({ judgedUs: at(1) })],
    });
    expect(correlator.advance().map((event) => event.type)).toEqual(['finding', 'incident']);
  });
});
