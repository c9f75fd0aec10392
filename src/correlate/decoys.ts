/**
 * Decoys: Nmap's -D sends every probe once from each address of its list, with one source port, one
 * sequence number and one IP ID for all of them (scan_engine_raw.cc). Sources that keep sharing
 * such tuples are one operator; the one that takes our answers is the real one.
 */
import type {
  Suspect,
  SuspectContact,
  SuspectSource,
} from '../../packages/plugin-api/src/suspect.js';
import { compareText } from '../shared/text.js';
import { actorKey } from './actor-key.js';
import type { LinkedKind } from './linked-kinds.js';

/** Copies of one probe leave within milliseconds; the span of an epoch's edge is added. */
const TOGETHER_US = 1_000_000;
/**
 * Nmap takes at most 128 decoys; more sources with one tuple are a flood with a constant header.
 */
const SOURCES_MAX = 129;
/** Shared probes, weighed by how many sources share them, that settle it. */
const EVIDENCE_MIN = 3;
const TUPLES_MAX = 65_536;
const GROUPS_MAX = 1024;

export const DECOY_SCAN: LinkedKind = {
  kind: 'decoy_scan',
  title: 'Decoy scan',
  summary:
    'The same probes arrive at the same time from many sources, header for header: one operator ' +
    'behind decoys (Nmap -D), of whom one is real.',
  mitre: ['T1595.001', 'T1562'],
  doc: {
    decided:
      'Probes of different sources are the same when target, protocol, port, source port, ' +
      'sequence and acknowledgement numbers and IP ID agree and they come within a second. Three ' +
      'such coincidences (a probe shared by four sources is three) make the group; more than 129 ' +
      'sources with one tuple are a flood with a constant header instead. The real source is the ' +
      'one whose return path is proven best: it acknowledged our answers, or reset them; until ' +
      'one stands out all are `member`s with their odds in the evidence. The group grows while ' +
      'it goes on, and is forgotten after ten silent minutes.',
    sources: [
      'Nmap `scan_engine_raw.cc`, sendIPScanProbe: one IP ID, sequence number and source port ' +
        'for all decoys',
      'Lyon: Nmap Network Scanning, ch. 10',
    ],
    wrong:
      'Silent on decoys whose packets differ (another tool, Nmap -O, whose decoys get different ' +
      'IP IDs), and on hosts that answer nothing when it comes to naming the real one. False for ' +
      'a span port that shows a packet before and after address translation: both addresses are ' +
      'then one host.',
  },
};

export interface DecoyGroup {
  /** Actor keys, sorted. */
  members: Map<string, { suspect: SuspectSource; proof: number }>;
  targets: Set<string>;
  /** Distinct probes that several members sent. */
  sharedProbes: number;
  evidence: number;
  firstUs: number;
  lastUs: number;
  /** A sample probe, for the evidence. */
  sample: { target: string; port: number; protocol: number };
  announced: boolean;
}

interface Tuple {
  timeUs: number;
  senders: Map<string, SuspectSource>;
  group: DecoyGroup | null;
}

export class Decoys {
  #tuples = new Map<string, Tuple>();
  #groupOf = new Map<string, DecoyGroup>();
  /** Tuples and groups that found no room, cumulative. */
  refused = 0;

  /** The state, for a checkpoint. */
  pack() {
    return {
      refused: this.refused,
      tuples: this.#tuples,
      groupOf: this.#groupOf,
    };
  }

  static unpack(packed: ReturnType<Decoys['pack']>): Decoys {
    const made = new Decoys();
    made.refused = packed.refused;
    made.#tuples = packed.tuples;
    made.#groupOf = packed.groupOf;
    return made;
  }

  /**
   * Takes in one epoch's suspects; returns the groups that have become certain or have grown since.
   */
  link(suspects: readonly Suspect[], nowUs: number): DecoyGroup[] {
    for (const [key, tuple] of this.#tuples) {
      if (nowUs - tuple.timeUs > 2 * TOGETHER_US) this.#tuples.delete(key);
    }
    const changed = new Set<DecoyGroup>();
    for (const { contacts, ...suspect } of suspects) {
      const sender = actorKey(suspect.source);
      const known = this.#groupOf.get(sender);
      const member = known?.members.get(sender);
      if (known && member && suspect.proof > member.proof) {
        member.proof = suspect.proof;
        changed.add(known);
      }
      for (const contact of contacts) {
        const group = this.#count(sender, suspect, contact);
        if (group) changed.add(group);
      }
    }
    return [...changed]
      .filter((group) => group.evidence >= EVIDENCE_MIN)
      .sort((a, b) => a.firstUs - b.firstUs || compareText(firstKey(a), firstKey(b)));
  }

  #count(sender: string, suspect: SuspectSource, contact: SuspectContact): DecoyGroup | null {
    if (contact.tuple === 0) return null;
    const { target, protocol, port, tuple: tupleHash } = contact;
    const key = `${suspect.source.tunnel} ${target} ${protocol} ${port} ${tupleHash}`;
    const tuple = this.#tuples.get(key);
    if (tuple === undefined) {
      if (this.#tuples.size >= TUPLES_MAX) this.refused++;
      else
        this.#tuples.set(key, {
          timeUs: contact.timeUs,
          senders: new Map([[sender, suspect]]),
          group: null,
        });
      return null;
    }
    if (Math.abs(contact.timeUs - tuple.timeUs) > TOGETHER_US || tuple.senders.has(sender))
      return null;
    tuple.senders.set(sender, suspect);
    if (tuple.senders.size > SOURCES_MAX) return null;
    return this.#join(tuple, contact);
  }

  /** Puts all senders of a tuple into one group, the oldest that any of them is in. */
  #join(tuple: Tuple, contact: SuspectContact): DecoyGroup | null {
    let group = tuple.group;
    for (const key of tuple.senders.keys()) group ??= this.#groupOf.get(key) ?? null;
    if (group === null) {
      if (this.#groupOf.size >= GROUPS_MAX * 2) {
        this.refused++;
        return null;
      }
      const { target, port, protocol, timeUs } = contact;
      group = {
        members: new Map(),
        targets: new Set(),
        sharedProbes: 0,
        evidence: 0,
        firstUs: tuple.timeUs,
        lastUs: timeUs,
        sample: { target, port, protocol },
        announced: false,
      };
    }
    if (tuple.group === null) group.sharedProbes++;
    tuple.group = group;
    group.evidence++;
    group.lastUs = Math.max(group.lastUs, contact.timeUs);
    if (group.targets.size < 256) group.targets.add(contact.target);
    for (const [key, suspect] of tuple.senders) {
      const member = group.members.get(key);
      if (member) member.proof = Math.max(member.proof, suspect.proof);
      else group.members.set(key, { suspect, proof: suspect.proof });
      this.#groupOf.set(key, group);
    }
    return group;
  }

  /** Forgets groups that have been silent since before `oldestUs`. */
  expire(oldestUs: number): void {
    for (const [key, group] of this.#groupOf)
      if (group.lastUs < oldestUs) this.#groupOf.delete(key);
  }
}

/**
 * The member whose return path is proven, when it is the only one with that much proof; else null.
 */
export function realSource(group: DecoyGroup): string | null {
  const ranked = [...group.members].sort(([, a], [, b]) => b.proof - a.proof);
  const [first, second] = ranked;
  return first[1].proof > 0 && (second === undefined || second[1].proof < first[1].proof)
    ? first[0]
    : null;
}

function firstKey(group: DecoyGroup): string {
  return [...group.members.keys()].sort(compareText)[0];
}
