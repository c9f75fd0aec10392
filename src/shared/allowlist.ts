/**
 * Sources that may scan: tagged in every event, never hidden. Entries expire by packet time. May
 * change while running.
 */
import { networkMatcher } from './cidr.js';

interface Entry {
  cidr: string;
  /** Last day it holds, UTC: `2027-06-30`. Without one it holds for good. */
  expires?: string | undefined;
}

/** Entries that expire on the same day, or never. */
interface Group {
  endUs: number;
  matches(ip: string): boolean;
}

const DAY_US = 86_400_000_000;

export class Allowlist {
  #entries: readonly Entry[];
  #groups: readonly Group[];

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
    this.#groups = groupsOf(entries);
  }

  /** Whether an entry that holds at `atUs` (since 1970) is about the address. May be handed on. */
  readonly contains = (ip: string, atUs: number): boolean =>
    this.#groups.some(({ endUs, matches }) => atUs < endUs && matches(ip));

  /** Takes the place of what was there; returns how many networks came and went. */
  replace(entries: readonly Entry[]): { added: number; removed: number } {
    const before = new Set(this.#entries.map(({ cidr }) => cidr));
    const after = new Set(entries.map(({ cidr }) => cidr));
    this.#entries = entries;
    this.#groups = groupsOf(entries);
    return {
      added: [...after].filter((cidr) => !before.has(cidr)).length,
      removed: [...before].filter((cidr) => !after.has(cidr)).length,
    };
  }
}

function groupsOf(entries: readonly Entry[]): Group[] {
  const byDay = new Map<string | undefined, string[]>();
  for (const { cidr, expires } of entries) {
    const known = byDay.get(expires);
    if (known === undefined) byDay.set(expires, [cidr]);
    else known.push(cidr);
  }
  return [...byDay].map(([day, cidrs]) => ({
    endUs: day === undefined ? Number.POSITIVE_INFINITY : Date.parse(day) * 1000 + DAY_US,
    matches: networkMatcher(cidrs),
  }));
}
