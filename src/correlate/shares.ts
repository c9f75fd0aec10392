/**
 * Distributed scans: sources with one fingerprint, each under every threshold, whose probes divide
 * the work: hardly any pair is tried by two of them, and together they cover many (ZMap and Masscan
 * shards, source ranges, a list split over hosts).
 */
import type {
  Suspect,
  SuspectContact,
  SuspectSource,
} from '../../packages/plugin-api/src/suspect.js';
import { compareText } from '../shared/text.js';
import { actorKey } from './actor-key.js';
import { CROWD_RATE_MIN } from './arrivals.js';
import type { LinkedKind } from './linked-kinds.js';
import type { SourceTotals } from './source-totals.js';

export interface SharesOptions {
  /**
   * Distinct ports of one target, or targets of one service, that the sources must cover together.
   */
  threshold: number;
  /** Sources it takes at least. */
  sourcesMin: number;
  /** How long a share is remembered, microseconds of packet time. */
  windowUs: number;
}

export const DEFAULT_SHARES: SharesOptions = {
  threshold: 100,
  sourcesMin: 3,
  windowUs: 300_000_000,
};

/**
 * Of all pairs, how many may have been tried by two sources. Independent scans overlap far more.
 */
const OVERLAP_MAX = 0.1;
const GROUPS_MAX = 2048;
const MEMBERS_MAX = 512;
const ITEMS_MAX = 4096;
/** Sources that an item names: beyond it the item overlaps anyway. */
const TRIERS_MAX = 4;
/** How far a source's share may be from the usual one, in size and in part of what it does. */
const ALIKE_FACTOR = 4;
/** Sources with an ordinary stack need company and failure to be believed. */
const ORDINARY_SOURCES_MIN = 5;

/** What a scan may look like and be missed; and where that line is. */
const MADE_UP =
  'sources from all over that each try one thing and take no answer, more than ' +
  `${CROWD_RATE_MIN} a second: a spoofed flood. Slower ones are told as a scan`;

export const DISTRIBUTED_ADDRESS_SCAN: LinkedKind = {
  kind: 'distributed_address_scan',
  title: 'Distributed address scan',
  summary:
    'Several sources with one fingerprint, each under every threshold, divide many targets among ' +
    'them: shards of ZMap or Masscan, or a source range.',
  mitre: ['T1595.001'],
  doc: {
    decided: dividedBy('TCP port', 'distinct targets'),
    sources: [
      'ZMap `src/shard.c` and Masscan --shards: each share visits its own part of one ' +
        'permutation',
      'Gates: Coordinated Scan Detection (NDSS 2009): small overlap, large common coverage',
    ],
    wrong:
      'Silent on two sources, on UDP and ICMP, on sources with different fingerprints, on ' +
      `shares that overlap on purpose, and on ${MADE_UP}. False for many clients of one ` +
      'operating system that each call other servers of ours on one port, all in vain: a ' +
      'service of many hosts that is down.',
  },
};

export const DISTRIBUTED_PORT_SCAN: LinkedKind = {
  kind: 'distributed_port_scan',
  title: 'Distributed port scan',
  summary:
    'Several sources with one fingerprint, each under the threshold, together cover many ports ' +
    'of one target.',
  mitre: ['T1046', 'T1595.001'],
  doc: {
    decided: dividedBy('target', 'distinct ports of the target'),
    sources: [
      'Gates: Coordinated Scan Detection (NDSS 2009)',
      'Staniford, Hoagland, McAlerney: Practical Automated Detection of Stealthy Portscans ' +
        '(Journal of Computer Security, 2002)',
    ],
    wrong:
      'Silent on two sources, on UDP, on sources with different fingerprints, on shares that ' +
      `overlap on purpose, and on ${MADE_UP}. False for five clients of one operating system ` +
      'that try many closed ports of one host: passive FTP with the data ports blocked.',
  },
};

export interface ShareGroup {
  kind: 'distributed_port_scan' | 'distributed_address_scan';
  /** The one target of a port scan, else null. */
  target: string | null;
  protocol: number;
  tunnel: number;
  /** Every source that tried an item of it. */
  sources: Map<string, Member>;
  /** Those of them that divide the work, as of the last look. */
  members: Map<string, Member>;
  /** Port (or target) to when it was last tried, and the first few that did. */
  items: Map<string, { timeUs: number; by: string[] }>;
  /** Items that the members tried, and those of them that two tried, as of the last look. */
  covered: number;
  repeats: number;
  firstUs: number;
  lastUs: number;
  announced: boolean;
}

interface Member {
  suspect: SuspectSource;
  count: number;
  lastUs: number;
}

/** Whether a source that made `total` contacts in all is one of a flood's. */
type IsMadeUp = (suspect: SuspectSource, total: number) => boolean;

export class Shares {
  #groups = new Map<string, ShareGroup>();
  refused = 0;

  constructor(private readonly options: SharesOptions = DEFAULT_SHARES) {}

  /** The state, for a checkpoint. */
  pack() {
    return { options: this.options, refused: this.refused, groups: this.#groups };
  }

  static unpack(packed: ReturnType<Shares['pack']>): Shares {
    const made = new Shares(packed.options);
    made.refused = packed.refused;
    made.#groups = packed.groups;
    return made;
  }

  /**
   * Takes in one epoch's suspects, which are counted in `totals`; returns the groups that hold now
   * and were touched. Made-up sources take no part.
   */
  link(
    suspects: readonly Suspect[],
    nowUs: number,
    totals: SourceTotals,
    isMadeUp: IsMadeUp,
  ): ShareGroup[] {
    const touched = new Set<ShareGroup>();
    for (const { contacts, ...suspect } of suspects) {
      const source = actorKey(suspect.source);
      if (suspect.fingerprint === '' || isMadeUp(suspect, totals.of(source))) continue;
      for (const contact of contacts) {
        if (contact.protocol !== TCP) continue;
        for (const group of this.#groupsOf(suspect, contact)) {
          this.#add(group, source, suspect, contact);
          touched.add(group);
        }
      }
    }
    return [...touched]
      .filter((group) => this.#holds(group, nowUs, totals, isMadeUp))
      .sort(
        (a, b) =>
          a.firstUs - b.firstUs ||
          compareText(a.kind, b.kind) ||
          compareText(a.target ?? '', b.target ?? ''),
      );
  }

  expire(nowUs: number): void {
    const oldest = nowUs - this.options.windowUs;
    this.#groups.forEach((group, key) => {
      if (group.lastUs < oldest) this.#groups.delete(key);
      if (group.lastUs < oldest || group.firstUs >= oldest) return;
      for (const [item, { timeUs }] of group.items) if (timeUs < oldest) group.items.delete(item);
      for (const [source, { lastUs }] of group.sources)
        if (lastUs < oldest) group.sources.delete(source);
    });
  }

  #groupsOf(suspect: SuspectSource, contact: SuspectContact): ShareGroup[] {
    const { tunnel } = suspect.source;
    const stack = `${tunnel} ${suspect.fingerprint}`;
    return [
      this.#group(
        `p ${stack} ${contact.target}`,
        'distributed_port_scan',
        contact.target,
        contact,
        tunnel,
      ),
      this.#group(`a ${stack} ${contact.port}`, 'distributed_address_scan', null, contact, tunnel),
    ].filter((group) => group !== null);
  }

  #group(
    key: string,
    kind: ShareGroup['kind'],
    target: string | null,
    contact: SuspectContact,
    tunnel: number,
  ): ShareGroup | null {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    if (this.#groups.size >= GROUPS_MAX) {
      this.expire(contact.timeUs);
      if (this.#groups.size >= GROUPS_MAX && !this.#dropLone()) {
        this.refused++;
        return null;
      }
    }
    const group: ShareGroup = {
      kind,
      target,
      protocol: contact.protocol,
      tunnel,
      sources: new Map(),
      members: new Map(),
      items: new Map(),
      covered: 0,
      repeats: 0,
      firstUs: contact.timeUs,
      lastUs: contact.timeUs,
      announced: false,
    };
    this.#groups.set(key, group);
    return group;
  }

  /** Makes room by forgetting the oldest group of a single source. */
  #dropLone(): boolean {
    for (const [key, group] of this.#groups) {
      if (group.sources.size > 1) continue;
      this.#groups.delete(key);
      return true;
    }
    return false;
  }

  #add(group: ShareGroup, source: string, suspect: SuspectSource, contact: SuspectContact): void {
    const item = group.target === null ? contact.target : String(contact.port);
    const known = group.items.get(item);
    if (known === undefined) {
      if (group.items.size >= ITEMS_MAX) return;
      group.items.set(item, { timeUs: contact.timeUs, by: [source] });
    } else {
      known.timeUs = contact.timeUs;
      if (!known.by.includes(source) && known.by.length < TRIERS_MAX) known.by.push(source);
    }
    const member = group.sources.get(source);
    if (member !== undefined) {
      member.suspect = suspect;
      member.count++;
      member.lastUs = contact.timeUs;
    } else if (group.sources.size < MEMBERS_MAX) {
      group.sources.set(source, { suspect, count: 1, lastUs: contact.timeUs });
    }
    group.firstUs = Math.min(group.firstUs, contact.timeUs);
    group.lastUs = Math.max(group.lastUs, contact.timeUs);
  }

  /** Whether the group is one scan that sources divide; writes down which ones and how much. */
  #holds(group: ShareGroup, nowUs: number, totals: SourceTotals, isMadeUp: IsMadeUp): boolean {
    if (group.items.size < this.options.threshold) return false;
    const oldest = nowUs - this.options.windowUs;
    group.members = this.#sharers(group, totals, isMadeUp);
    group.covered = 0;
    group.repeats = 0;
    for (const { timeUs, by } of group.items.values()) {
      const tried = timeUs < oldest ? 0 : by.filter((source) => group.members.has(source)).length;
      if (tried === 0) continue;
      group.covered++;
      if (tried > 1) group.repeats++;
    }
    const { members, covered, repeats } = group;
    if (covered < this.options.threshold || members.size < this.options.sourcesMin) return false;
    if (repeats > OVERLAP_MAX * covered) return false;
    const raw = [...members.values()].filter(({ suspect }) => suspect.raw || suspect.tool !== null);
    return raw.length >= members.size / 2 || members.size >= ORDINARY_SOURCES_MIN;
  }

  /**
   * The sources that take part: under the threshold, with a share like the others' in size, and in
   * what part it is of all they do. Who scans something else, or all of it, only crosses the group.
   */
  #sharers(group: ShareGroup, totals: SourceTotals, isMadeUp: IsMadeUp): Map<string, Member> {
    const small = [...group.sources]
      .filter(([, { count }]) => count < this.options.threshold)
      .filter(([source, { suspect }]) => !isMadeUp(suspect, totals.of(source)))
      .map(([source, member]) => {
        const total = Math.max(member.count, totals.of(source));
        return { source, member, part: member.count / total };
      });
    const usualPart = usual(small, ({ part }) => part);
    const devoted = small.filter(({ part }) => isAlike(part, usualPart));
    const usualCount = usual(devoted, ({ member }) => member.count);
    const alike = devoted.filter(({ member }) => isAlike(member.count, usualCount));
    return new Map(alike.map(({ source, member }) => [source, member]));
  }
}

/** The value at which half of all tries are reached: many that try one thing do not move it. */
function usual<T extends { member: Member }>(
  all: readonly T[],
  measure: (one: T) => number,
): number {
  const sorted = [...all].sort((a, b) => measure(a) - measure(b));
  let left = sorted.reduce((sum, { member }) => sum + member.count, 0) / 2;
  for (const one of sorted) {
    left -= one.member.count;
    if (left <= 0) return measure(one);
  }
  return 0;
}

function isAlike(value: number, to: number): boolean {
  return value * ALIKE_FACTOR >= to && value <= to * ALIKE_FACTOR;
}

const TCP = 6;

/** How a scan that sources divide is told, for both kinds. */
function dividedBy(grouping: string, items: string): string {
  const { threshold, sourcesMin, windowUs } = DEFAULT_SHARES;
  return (
    `Sources are grouped by SYN fingerprint and ${grouping}. A group holds when together they ` +
    `reached ${threshold} ${items} within ${windowUs / 1e6} s, at least ${sourcesMin} of them, ` +
    'each alone fewer, and not one in ten was tried by two of them: independent scans overlap ' +
    `far more. Shares are alike, to a factor of ${ALIKE_FACTOR}, in size and in what part they ` +
    'are of all that their source tried: a scan that goes elsewhere and only crosses the group ' +
    'takes no part. Half of the sources must have a user-space stack or a mark, or be ' +
    `${ORDINARY_SOURCES_MIN} at least. Only contacts that carried no data count, and sources ` +
    'that are no decoys of each other. These numbers are no settings.'
  );
}
