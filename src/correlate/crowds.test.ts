import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../packages/plugin-api/src/finding.js';
import type { Suspect } from '../../packages/plugin-api/src/suspect.js';
import { makeFinding } from '../../packages/plugin-api/src/testkit/findings.js';
import { type Link, Linker } from './linker.js';

const SECOND = 1_000_000;
const TCP = 6;

interface Parameters {
  /** SYNs a second, evenly over the first part `to` of each. */
  rate: number;
  seconds: number;
  to?: number;
  hosts?: number;
  ports?: number;
  ipOf?: (n: number) => string;
  proofOf?: (n: number) => Suspect['proof'];
  isOpen?: boolean;
}

const scattered = (n: number): string => `${20 + (n >> 8)}.${n & 255}.113.5`;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function suspect(ip: string, timeUs: number, target: string, port: number): Suspect {
  const epochStartUs = timeUs - (timeUs % SECOND);
  return {
    source: { ip, tunnel: 0 },
    epochStartUs,
    judgedUs: epochStartUs + SECOND,
    fingerprint: 'f',
    tool: null,
    raw: true,
    runKey: 0,
    proof: 0,
    contacts: [{ target, protocol: TCP, port, tuple: 0, timeUs, open: false }],
  };
}

/** SYNs of one stack, by epoch; each from the next source, to the next host and port. */
function syns(parameters: Parameters): Suspect[][] {
  const { rate, seconds, to = 1, hosts = 200, ports = 1 } = parameters;
  const { ipOf = scattered, proofOf = () => 0 as const, isOpen = false } = parameters;
  return upTo(seconds).map((second) =>
    upTo(rate).map((at) => {
      const n = second * rate + at;
      const timeUs = Math.floor((second + (at / rate) * to) * SECOND);
      const one = suspect(ipOf(n), timeUs, `198.51.100.${n % hosts}`, 1 + (n % ports));
      one.contacts[0].open = isOpen;
      return { ...one, proof: proofOf(n) };
    }),
  );
}

interface Said {
  floods: Finding[];
  links: Link[];
}

interface Surroundings {
  /** Floods that detectors tell. */
  told?: Finding[];
  linker?: Linker;
  /** What came of the SYNs of the epoch before. @defaultValue 0 */
  connected?: number;
  answersVisible?: boolean;
  /** Packets that came in for each SYN. @defaultValue 1 */
  inbound?: number;
}

/** What the linker says of the epochs and at their end. */
function said(epochs: Suspect[][], surroundings: Surroundings = {}): Said {
  const { told = [], linker = new Linker(), connected = 0 } = surroundings;
  const { answersVisible = true, inbound = 1 } = surroundings;
  for (const finding of told) linker.noteFlood(finding);
  const all: Said = { floods: [], links: [] };
  for (const suspects of epochs) {
    const syns = suspects.length;
    const { epochStartUs, judgedUs } = suspects[0];
    const traffic = { epochStartUs, judgedUs, connected, answersVisible };
    // Two shards' halves.
    const half = { ...traffic, syns: syns / 2, inbound: (inbound * syns) / 2 };
    all.floods.push(...linker.noteTraffic([half, { ...half, connected: 0 }]));
    all.links.push(...linker.link([...suspects]));
  }
  all.floods.push(...linker.end(epochs.length * SECOND));
  return all;
}

const lines = ({ floods }: Said) => floods.map(({ state, count }) => `${state} ${count}`);
const kinds = ({ links }: Said) => [...new Set(links.map(({ finding }) => finding?.kind))];

describe('sources that each come once', () => {
  it('are one flood over many hosts, and no scan', () => {
    const all = said(syns({ rate: 400, seconds: 30 }));
    expect(all.links).toEqual([]);
    expect(lines(all)).toEqual(['started 400', 'escalated 4000', 'ended 12000']);
    expect(new Set(all.floods.map(({ id }) => id)).size).toBe(1);
    expect(all.floods[2]).toMatchObject({
      kind: 'syn_flood',
      source: null,
      target: null,
      exact: false,
      evidence: { hosts: 200, hosts_exact: true, port: 1 },
    });
  });

  it('are no scan at any mix of hosts and ports', () => {
    const some = fc.integer({ min: 1, max: 250 });
    fc.assert(
      fc.property(fc.integer({ min: 160, max: 900 }), some, some, (rate, hosts, ports) => {
        const all = said(syns({ rate, seconds: 4, hosts, ports }));
        expect(all.links).toEqual([]);
        expect(lines(all)[0]).toMatch(/^started/);
        expect(lines(all).at(-1)).toBe(`ended ${rate * 4}`);
      }),
      { numRuns: 50 },
    );
  });

  it('end when they pause for a minute, and begin anew', () => {
    const flood = syns({ rate: 400, seconds: 1 });
    const pause = upTo(70).map((n) => [suspect('192.0.2.1', (n + 1) * SECOND, '198.51.100.1', 1)]);
    const again = syns({ rate: 300, seconds: 72, ipOf: (n) => scattered(400 + n) }).slice(71);
    const all = said([...flood, ...pause, ...again]);
    expect(lines(all)).toEqual(['started 400', 'ended 400', 'started 300', 'ended 300']);
    expect(all.floods[0].id).not.toBe(all.floods[2].id);
    expect(all.links).toEqual([]);
  });

  it('are a scan when they come slowly', () => {
    const all = said(syns({ rate: 40, seconds: 5 }));
    expect(kinds(all)).toContain('distributed_address_scan');
    expect(all.floods).toEqual([]);
  });

  it.each([
    ['IPv4', (n: number) => `203.0.${n >> 8}.${n & 255}`],
    ['IPv6', (n: number) => `2001:db8::${n.toString(16)}`],
  ])('are a scan when they are of one network (%s)', (_, ipOf) => {
    const all = said(syns({ rate: 200, seconds: 1, ipOf }));
    expect(kinds(all)).toContain('distributed_address_scan');
    expect(all.floods).toEqual([]);
  });

  it('are a scan when they take the answers they get', () => {
    const answers = (n: number) => (n % 3 === 0 ? 0 : 1) as Suspect['proof'];
    const all = said(syns({ rate: 200, seconds: 1, isOpen: true, proofOf: answers }));
    expect(kinds(all)).toContain('distributed_address_scan');
    expect(all.floods).toEqual([]);
  });

  it('are a flood although owners of some of the addresses reset the answers', () => {
    const resets = (n: number) => (n % 10 === 0 ? 1 : 0) as Suspect['proof'];
    const all = said(syns({ rate: 200, seconds: 2, isOpen: true, proofOf: resets }));
    expect(all.links).toEqual([]);
    expect(lines(all)).toEqual(['started 200', 'ended 400']);
  });

  it('are neither when they connect a second later', () => {
    const epochs = syns({ rate: 400, seconds: 10 });
    expect(said(epochs.slice(0, -1), { connected: 400 }).links).toEqual([]);
    for (const connected of [400, 300]) {
      const { floods } = said(epochs, { connected });
      // Of the last second nobody knows; what came before it stands for it.
      expect(floods).toEqual([]);
    }
    expect(lines(said(epochs, { connected: 100 }))[0]).toMatch(/^started/);
  });

  it('are no flood where no answer can be seen, unless they are most of what comes in', () => {
    const epochs = syns({ rate: 400, seconds: 5 });
    expect(said(epochs, { answersVisible: false, inbound: 4 })).toEqual({ floods: [], links: [] });
    const mostly = said(epochs, { answersVisible: false, inbound: 2 });
    expect(lines(mostly)).toEqual(['started 400', 'ended 2000']);
  });

  it('hide no scan of the same stack', () => {
    const flood = syns({ rate: 400, seconds: 10 });
    const shares = upTo(10).map((second) =>
      upTo(40).map((at) => {
        const n = second * 40 + at;
        const time = second * SECOND + at * 20_000;
        return suspect(`203.0.113.${n % 4}`, time, `198.51.100.${n % 250}`, 8443);
      }),
    );
    const epochs = flood.map((suspects, n) => [...suspects, ...gathered(shares[n])]);
    const all = said(epochs);
    const members = [...(all.links.at(-1)?.roles.keys() ?? [])].sort();
    expect(members).toEqual(upTo(4).map((n) => `203.0.113.${n} 0`));
    expect(lines(all)[0]).toMatch(/^started/);
  });

  it('are told by a detector when it tells their hosts', () => {
    const told = upTo(4).map((n) =>
      makeFinding({
        kind: 'syn_flood',
        source: null,
        target: { ip: `198.51.100.${n}`, tunnel: 0 },
        state: n === 0 ? 'ended' : 'started',
        judgedUs: SECOND,
      }),
    );
    const epochs = syns({ rate: 400, seconds: 3, hosts: 4, ports: 200 });
    expect(said(epochs, { told })).toEqual({ floods: [], links: [] });
    expect(lines(said(epochs, { told: told.slice(2) }))).toEqual(['started 400', 'ended 1200']);
  });

  it('of one host are told when no detector did in six seconds, or before the end', () => {
    const all = said(syns({ rate: 160, seconds: 8, hosts: 1, ports: 250 }));
    expect(lines(all)).toEqual(['started 800', 'ended 1280']);
    const short = said(syns({ rate: 160, seconds: 2, hosts: 1, ports: 250 }));
    expect(lines(short)).toEqual(['started 320', 'ended 320']);
    expect(all.floods[0].target).toEqual({ ip: '198.51.100.0', tunnel: 0 });
  });

  it('are not judged by an epoch that comes late', () => {
    const linker = new Linker();
    const [first, second] = syns({ rate: 400, seconds: 2 });
    const traffic = (from: number, connected: number) => ({
      ...{ epochStartUs: from * SECOND, judgedUs: (from + 1) * SECOND, connected },
      ...{ syns: 400, inbound: 400, answersVisible: true },
    });
    const lines: Finding[] = [];
    lines.push(...linker.noteTraffic([traffic(0, 0)]));
    linker.link(first);
    lines.push(...linker.noteTraffic([traffic(1, 400)]));
    linker.link(second);
    // All connected in time; a sensor that comes back tells of an epoch in which nothing did.
    lines.push(...linker.noteTraffic([traffic(0, 0)]), ...linker.noteTraffic([traffic(2, 400)]));
    expect(lines).toEqual([]);
    expect(linker.end(4 * SECOND)).toEqual([]);
  });

  it('are counted where they find no room', () => {
    const stacks = upTo(70).flatMap((n) =>
      syns({ rate: 120, seconds: 1, to: 0.1, ipOf: (at) => scattered(n * 120 + at) })[0].map(
        (one) => ({ ...one, fingerprint: `f${n}` }),
      ),
    );
    const linker = new Linker();
    said([stacks], { linker });
    expect(linker.refused).toBe(6);
  });
});

/** The contacts of each source together, as a worker tells them. */
function gathered(suspects: Suspect[]): Suspect[] {
  const bySource = new Map<string, Suspect>();
  for (const one of suspects) {
    const known = bySource.get(one.source.ip);
    if (known) known.contacts.push(...one.contacts);
    else bySource.set(one.source.ip, one);
  }
  return [...bySource.values()];
}
