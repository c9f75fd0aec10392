/**
 * Distributed scans: sources with one fingerprint, each under every threshold, whose probes divide
 * the work: hardly any pair is tried by two of them, and together they cover many (ZMap and Masscan
 * shards, source ranges, a list split over hosts).
 */
import type { Suspect, SuspectContact } from '../../packages/plugin-api/src/suspect.js';
import { compareText } from '../shared/text.js';
import { actorKey } from './actor-key.js';
import type { LinkedKind } from './linked-kinds.js';

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
/** Sources with an ordinary stack need company and failure to be believed. */
const ORDINARY_SOURCES_MIN = 5;

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
      'Silent on two sources, on UDP and ICMP, on sources with different fingerprints, and on ' +
      'shares that overlap on purpose. False for many clients of one operating system that each ' +
      'call other servers of ours on one port, all in vain: a service of many hosts that is ' +
      'down.',
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
      'Silent on two sources, on UDP, on sources with different fingerprints, and on shares that ' +
      'overlap on purpose. False for five clients of one operating system that try many closed ' +
      'ports of one host: passive FTP with the data ports blocked.',
  },
};

export interface ShareGroup {
  kind: 'distributed_port_scan' | 'distributed_address_scan';
  /** The one target of a port scan, else null. */
  target: string | null;
  protocol: number;
  tunnel: number;
  members: Map<string, Member>;
  /** Port (or target) to when it was last tried and by whom first. */
  items: Map<string, { timeUs: number; by: string }>;
  /** Tries of an item by another source than the first. */
  repeats: number;
  firstUs: number;
  lastUs: number;
  announced: boolean;
}

interface Member {
  suspect: Suspect;
  count: number;
  lastUs: number;
}

export class Shares {
  #groups = new Map<string, ShareGroup>();
  refused = 0;

  constructor(private readonly options: SharesOptions = DEFAULT_SHARES) {}

  /** The state, for a checkpoint. */
  pack() {
    return {
      options: this.options,
      refused: this.refused,
      groups: this.#groups,
    };
  }

  static unpack(packed: ReturnType<Shares['pack']>): Shares {
    const made = new Shares(packed.options);
    made.refused = packed.refused;
    made.#groups = packed.groups;
    return made;
  }

  /** Takes in one epoch's suspects; returns the groups that hold now and were touched. */
  link(suspects: readonly Suspect[], nowUs: number): ShareGroup[] {
    const touched = new Set<ShareGroup>();
    for (const suspect of suspects) {
      for (const contact of suspect.contacts) {
        for (const group of this.#groupsOf(suspect, contact)) {
          this.#add(group, suspect, contact);
          touched.add(group);
        }
      }
    }
    return [...touched]
      .filter((group) => this.#holds(group, nowUs))
      .sort(
        (a, b) =>
          a.firstUs - b.firstUs ||
          compareText(a.kind, b.kind) ||
          compareText(a.target ?? '', b.target ?? ''),
      );
  }

  expire(nowUs: number): void {
    const oldest = nowUs - this.options.windowUs;
    for (const [key, group] of this.#groups) {
      if (group.lastUs < oldest) {
        this.#groups.delete(key);
        continue;
      }
      for (const [item, { timeUs }] of group.items) if (timeUs < oldest) group.items.delete(item);
      for (const [member, { lastUs }] of group.members)
        if (lastUs < oldest) group.members.delete(member);
    }
  }

  #groupsOf(suspect: Suspect, contact: SuspectContact): ShareGroup[] {
    if (suspect.fingerprint === '' || contact.protocol !== TCP) return [];
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
      members: new Map(),
      items: new Map(),
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
      if (group.members.size > 1) continue;
      this.#groups.delete(key);
      return true;
    }
    return false;
  }

  #add(group: ShareGroup, suspect: Suspect, contact: SuspectContact): void {
    const source = actorKey(suspect.source);
    const item = group.target === null ? contact.target : String(contact.port);
    const known = group.items.get(item);
    if (known === undefined) {
      if (group.items.size >= ITEMS_MAX) return;
      group.items.set(item, { timeUs: contact.timeUs, by: source });
    } else {
      known.timeUs = contact.timeUs;
      if (known.by !== source) group.repeats++;
    }
    const member = group.members.get(source);
    if (member !== undefined) {
      member.suspect = suspect;
      member.count++;
      member.lastUs = contact.timeUs;
    } else if (group.members.size < MEMBERS_MAX) {
      group.members.set(source, { suspect, count: 1, lastUs: contact.timeUs });
    }
    group.firstUs = Math.min(group.firstUs, contact.timeUs);
    group.lastUs = Math.max(group.lastUs, contact.timeUs);
  }

  #holds(group: ShareGroup, nowUs: number): boolean {
    const oldest = nowUs - this.options.windowUs;
    let items = 0;
    for (const { timeUs } of group.items.values()) if (timeUs >= oldest) items++;
    if (items < this.options.threshold) return false;
    const members = [...group.members.values()];
    const small = members.filter(({ count }) => count < this.options.threshold);
    if (small.length < this.options.sourcesMin || small.length < members.length) return false;
    if (group.repeats > OVERLAP_MAX * items) return false;
    const raw = members.filter(({ suspect }) => suspect.raw || suspect.tool !== null).length;
    return raw >= members.length / 2 || members.length >= ORDINARY_SOURCES_MIN;
  }
}

const TCP = 6;

/** How a scan that sources divide is told, for both kinds. */
function dividedBy(grouping: string, items: string): string {
  const { threshold, sourcesMin, windowUs } = DEFAULT_SHARES;
  return (
    `Sources are grouped by SYN fingerprint and ${grouping}. A group holds when together they ` +
    `reached ${threshold} ${items} within ${windowUs / 1e6} s, each of at least ${sourcesMin} of ` +
    'them alone fewer, and not one in ten was tried by two of them: independent scans overlap ' +
    'far more. Half of the sources must have a user-space stack or a mark, or be ' +
    `${ORDINARY_SOURCES_MIN} at least. Only contacts that carried no data count, and sources ` +
    'that are no decoys of each other. These numbers are no settings.'
  );
}
