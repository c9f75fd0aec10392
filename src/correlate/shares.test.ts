import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Suspect } from '../../packages/plugin-api/src/suspect.js';
import { actorKey } from './actor-key.js';
import { Shares } from './shares.js';
import { SourceTotals } from './source-totals.js';

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

/** The members of the first group that holds after each epoch. */
class Look {
  readonly #shares = new Shares();
  readonly #totals = new SourceTotals();

  members(suspects: Suspect[]): string[] {
    for (const { source, contacts } of suspects) this.#totals.add(actorKey(source), contacts);
    const [group] = this.#shares.link(suspects, SECOND, this.#totals, () => false);
    return group === undefined ? [] : [...group.members.keys()].map((key) => key.split(' ')[0]);
  }
}

describe('shares of one scan', () => {
  it('are the sources that divide it, however many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 50 }), (sources) => {
        const members = new Look().members(divided(sources, 120));
        expect(members).toHaveLength(sources);
      }),
      { numRuns: 30 },
    );
  });

  it('do not take in who scans something else and crosses them', () => {
    const ports = upTo(64).map((n) => ({ host: 200, port: 400 + n }));
    const members = new Look().members([...divided(20, 240), suspect(OTHER, ports)]);
    expect(members).toHaveLength(20);
    expect(members).not.toContain(OTHER);
  });

  it('are found although another source scans all of it alone', () => {
    const look = new Look();
    const all = upTo(240).map((host) => ({ host, port: 445 }));
    look.members([suspect(OTHER, all)]);
    const members = look.members(divided(20, 240));
    expect(members).toHaveLength(20);
    expect(members).not.toContain(OTHER);
  });

  it('are found among many sources that try one thing each', () => {
    const strays = upTo(40).map((n) => suspect(`192.0.2.${n + 1}`, [{ host: 241, port: 445 }]));
    const members = new Look().members([...strays, ...divided(3, 240)]);
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
    expect(new Look().members(twice)).toEqual([]);
  });
});
