import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Suspect } from '../../packages/plugin-api/src/suspect.js';
import { Shares } from './shares.js';

const SECOND = 1_000_000;
const TCP = 6;

/** What one source tried in an epoch: hosts of the protected /24 by number, on ports. */
function suspect(ip: string, tried: { host: number; port: number }[], epoch = 0): Suspect {
  return {
    source: { ip, tunnel: 0 },
    epochStartUs: epoch * SECOND,
    judgedUs: (epoch + 1) * SECOND,
    fingerprint: 'f',
    tool: 'nmap',
    raw: true,
    runKey: 0,
    proof: 0,
    contacts: tried.map(({ host, port }) => ({
      target: `198.51.100.${host}`,
      protocol: TCP,
      port,
      tuple: 0,
      timeUs: epoch * SECOND,
      open: false,
    })),
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** `sources` sources that divide `count` hosts on port 445. */
function divided(sources: number, count: number): Suspect[] {
  return upTo(sources).map((n) => {
    const own = upTo(count).filter((host) => host % sources === n);
    return suspect(
      `203.0.113.${n + 1}`,
      own.map((host) => ({ host, port: 445 })),
    );
  });
}

const OTHER = '192.0.2.9';
const membersOf = (shares: Shares, suspects: Suspect[]): string[] => {
  const [group] = shares.link(suspects, SECOND);
  return group === undefined ? [] : [...group.members.keys()].map((key) => key.split(' ')[0]);
};

describe('shares of one scan', () => {
  it('are the sources that divide it, however many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 50 }), (sources) => {
        const members = membersOf(new Shares(), divided(sources, 120));
        expect(members).toHaveLength(sources);
      }),
      { numRuns: 30 },
    );
  });

  it('do not take in who scans something else and crosses them', () => {
    const ports = upTo(64).map((n) => ({ host: 200, port: 400 + n }));
    const members = membersOf(new Shares(), [...divided(20, 240), suspect(OTHER, ports)]);
    expect(members).toHaveLength(20);
    expect(members).not.toContain(OTHER);
  });

  it('are found although another source scans all of it alone', () => {
    const shares = new Shares();
    const all = upTo(240).map((host) => ({ host, port: 445 }));
    shares.link([suspect(OTHER, all)], SECOND);
    const members = membersOf(shares, divided(20, 240));
    expect(members).toHaveLength(20);
    expect(members).not.toContain(OTHER);
  });

  it('are found among many sources that try one thing each', () => {
    const strays = upTo(40).map((n) => suspect(`192.0.2.${n + 1}`, [{ host: 241, port: 445 }]));
    const members = membersOf(new Shares(), [...strays, ...divided(3, 240)]);
    expect(members).toEqual(['203.0.113.1', '203.0.113.2', '203.0.113.3']);
  });

  it('do not overlap', () => {
    const twice = [
      ...divided(4, 120),
      suspect(
        OTHER,
        upTo(40).map((host) => ({ host, port: 445 })),
      ),
    ];
    expect(membersOf(new Shares(), twice)).toEqual([]);
  });

  describe('of the ports of one host, each tried by a source of its own', () => {
    /** `perSecond` of them in the epochs before `seconds`. */
    function scattered(
      perSecond: number,
      seconds: number,
      proof: Suspect['proof'] = 0,
      ipOf = (n: number) => `${100 + (n >> 8)}.${n & 255}.113.5`,
    ) {
      const shares = new Shares();
      const kinds: string[] = [];
      for (let n = 0; n < perSecond * seconds; n++) {
        const one = {
          ...suspect(ipOf(n), [{ host: 1, port: 1 + n }], Math.floor(n / perSecond)),
          proof,
        };
        one.contacts[0].timeUs = (n / perSecond) * SECOND;
        for (const { kind } of shares.link([one], one.judgedUs)) kinds.push(kind);
      }
      return kinds;
    }

    it('are a flood when they come fast and make no connection', () => {
      expect(scattered(400, 5)).toEqual([]);
      expect(scattered(400, 5, 2)).toContain('distributed_port_scan');
    });

    it('are a scan when they are of one network', () => {
      const rotated = [
        (n: number) => `203.0.${n >> 8}.${n & 255}`,
        (n: number) => `2001:db8::${n.toString(16)}`,
      ];
      for (const ipOf of rotated)
        expect(scattered(400, 1, 0, ipOf)).toContain('distributed_port_scan');
    });

    it('are a scan when they come slowly', () => {
      expect(scattered(4, 60)).toContain('distributed_port_scan');
    });

    it('are a scan when they come again, however fast', () => {
      const returning = upTo(120).map((n) =>
        suspect(`203.0.113.${n + 1}`, [
          { host: 1, port: 2 * n + 1 },
          { host: 1, port: 2 * n + 2 },
        ]),
      );
      const [group] = new Shares().link(returning, SECOND);
      expect(group).toMatchObject({ kind: 'distributed_port_scan', covered: 240 });
    });
  });
});
