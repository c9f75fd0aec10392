/**
 * Which sources belong together, and which are made up: asks every way of telling, once an epoch,
 * in a fixed order.
 */
import type { ActorRole, Finding } from '../../packages/plugin-api/src/finding.js';
import type { Suspect } from '../../packages/plugin-api/src/suspect.js';
import type { Traffic } from '../../packages/plugin-api/src/traffic.js';
import { compareText } from '../shared/text.js';
import { actorKey } from './actor-key.js';
import { Crowds } from './crowds.js';
import { Decoys, realSource } from './decoys.js';
import { decoyFinding, shareFinding } from './linked-findings.js';
import { DEFAULT_SHARES, Shares } from './shares.js';
import { SourceTotals } from './source-totals.js';

/** Sources that are one operator's. */
export interface Link {
  /** Actor key to what the source is in it. */
  roles: Map<string, ActorRole>;
  firstKey: string;
  /** What they are together, when it is news; else null. */
  finding: Finding | null;
  reason: string;
  judgedUs: number;
}

/** Silence after which a decoy group is forgotten. */
const DECOYS_IDLE_US = 600_000_000;

export class Linker {
  #totals = new SourceTotals();
  #decoys = new Decoys();
  #crowds = new Crowds();
  #shares = new Shares();

  /** The state, for a checkpoint. */
  pack() {
    return {
      totals: this.#totals,
      decoys: this.#decoys,
      crowds: this.#crowds,
      shares: this.#shares,
    };
  }

  static unpack(packed: ReturnType<Linker['pack']>): Linker {
    const made = new Linker();
    made.#totals = packed.totals;
    made.#decoys = packed.decoys;
    made.#crowds = packed.crowds;
    made.#shares = packed.shares;
    return made;
  }

  /** A detector tells that one host is flooded, or is no more. */
  noteFlood(finding: Finding): void {
    this.#crowds.note(finding);
  }

  /** Takes in what came in an epoch, of all shards, before its suspects: floods that are told. */
  noteTraffic(traffics: readonly Traffic[]): Finding[] {
    return this.#crowds.settle(traffics);
  }

  /** The end of input, at packet time `nowUs`: what is left to say. */
  end(nowUs: number): Finding[] {
    return this.#crowds.end(nowUs);
  }

  /** Takes in the suspects of one epoch, all shards'. */
  link(suspects: Suspect[]): Link[] {
    suspects.sort((left, right) => compareText(actorKey(left.source), actorKey(right.source)));
    const { judgedUs } = suspects[0];
    const links: Link[] = [];
    const decoys = new Set<string>();
    for (const group of this.#decoys.link(suspects, judgedUs)) {
      const real = realSource(group);
      const keys = [...group.members.keys()].sort(compareText);
      const roles = new Map<string, ActorRole>();
      for (const key of keys)
        roles.set(key, real === null ? 'member' : key === real ? 'operator' : 'decoy');
      links.push({
        roles,
        firstKey: real ?? keys[0],
        judgedUs,
        finding: group.announced ? null : decoyFinding(group, real, judgedUs),
        reason: `${keys.length} sources send the same probes, header for header`,
      });
      group.announced = true;
      for (const key of keys) decoys.add(key);
    }
    // Decoys repeat each other's probes; what is left may divide them, or be made up.
    const others = suspects.filter((suspect) => !decoys.has(actorKey(suspect.source)));
    for (const { source, contacts } of others) this.#totals.add(actorKey(source), contacts);
    this.#crowds.look(others, this.#totals);
    const isMadeUp = this.#crowds.isMadeUp.bind(this.#crowds);
    for (const group of this.#shares.link(others, judgedUs, this.#totals, isMadeUp)) {
      const keys = [...group.members.keys()].sort(compareText);
      const finding = group.announced ? null : shareFinding(group, DEFAULT_SHARES, judgedUs);
      links.push({
        roles: new Map(keys.map((key): [string, ActorRole] => [key, 'member'])),
        firstKey: finding?.source ? actorKey(finding.source) : keys[0],
        judgedUs,
        finding,
        reason: `${keys.length} sources with one fingerprint divide one scan`,
      });
      group.announced = true;
    }
    this.#decoys.expire(judgedUs - DECOYS_IDLE_US);
    this.#shares.expire(judgedUs);
    this.#totals.expire(judgedUs - DEFAULT_SHARES.windowUs);
    return links;
  }

  /** Things that found no room, cumulative. */
  get refused(): number {
    return (
      this.#totals.refused + this.#decoys.refused + this.#crowds.refused + this.#shares.refused
    );
  }
}
