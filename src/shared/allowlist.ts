/** Sources that may scan: tagged in every event, never hidden. May change while running. */
import { networkMatcher } from './cidr.js';

interface Entry {
  cidr: string;
}

export class Allowlist {
  #entries: readonly Entry[];
  #matches: (ip: string) => boolean;

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
    this.#matches = matcherOf(entries);
  }

  /** May be handed on alone. */
  readonly contains = (ip: string): boolean => this.#matches(ip);

  /** Takes the place of what was there; returns how many networks came and went. */
  replace(entries: readonly Entry[]): { added: number; removed: number } {
    const before = new Set(this.#entries.map(({ cidr }) => cidr));
    const after = new Set(entries.map(({ cidr }) => cidr));
    this.#entries = entries;
    this.#matches = matcherOf(entries);
    return {
      added: [...after].filter((cidr) => !before.has(cidr)).length,
      removed: [...before].filter((cidr) => !after.has(cidr)).length,
    };
  }
}

function matcherOf(entries: readonly Entry[]): (ip: string) => boolean {
  return networkMatcher(entries.map(({ cidr }) => cidr));
}
