/** What one incident touched: bounded unions of what its sources' activities list. */
import type { Activity, ContactSummary, Reach } from '../../packages/plugin-api/src/finding.js';
import { sortByAddress, sortByNumber } from '../shared/address.js';
import { type Cover, coverTargets } from '../shared/cover.js';
import { compareText } from '../shared/text.js';
import { actorKey } from './actor-key.js';
import type { Learned } from './informed.js';
import { limits } from './limits.js';

/** Members that all scopes together may still take. Shared, so that many incidents stay bounded. */
export interface MemberBudget {
  left: number;
  /** Members that found no room, cumulative. */
  refused: number;
}

export interface PortHits {
  proto: string;
  port: number;
  hits: number;
}

export interface ScopeCounts {
  hosts: number;
  ports: number;
  pairs: number;
  /** False: estimated, or of several sources of which nobody knows how much they share. */
  exact: boolean;
}

/** Every known target in the order of their addresses. */
export interface Targets {
  ordered: readonly string[];
  cover: Cover;
}

/** Every known exposed service, in the order of their addresses, ports and protocols. */
export interface Exposed {
  ordered: readonly ContactSummary[];
  hostCount: number;
}

interface SourceReach {
  reach: Reach;
  /** It only grew: the source has not paused for so long that it began anew. */
  isOneGo: boolean;
}

/** Stands for the sources that an incident has no room for: of them, the one that reached most. */
const OTHERS = '';
const NOWHERE: Reach = { targets: 0, ports: 0, pairs: 0, exact: true };

export class Scope {
  #budget: MemberBudget;
  #targets = new Set<string>();
  #ports = new Map<string, PortHits>();
  #exposed = new Map<string, ContactSummary>();
  /** Largest window so far. */
  #widest: Activity | null = null;
  /** By actor key: the most that the source reached. */
  #reached = new Map<string, SourceReach>();
  #targetsComplete = true;
  #portsComplete = true;
  #exposedComplete = true;
  /** In order, until there are more: an incident that is told again often has the same ones. */
  #orderedTargets: Targets | null = null;
  #orderedExposed: Exposed | null = null;

  constructor(budget: MemberBudget) {
    this.#budget = budget;
  }

  /** The state, for a checkpoint. */
  pack() {
    return {
      budget: this.#budget,
      targets: this.#targets,
      ports: this.#ports,
      exposed: this.#exposed,
      widest: this.#widest,
      reached: this.#reached,
      targetsComplete: this.#targetsComplete,
      portsComplete: this.#portsComplete,
      exposedComplete: this.#exposedComplete,
    };
  }

  static unpack(packed: ReturnType<Scope['pack']>): Scope {
    const made = new Scope(packed.budget);
    made.#targets = packed.targets;
    made.#ports = packed.ports;
    made.#exposed = packed.exposed;
    made.#widest = packed.widest;
    made.#reached = packed.reached;
    made.#targetsComplete = packed.targetsComplete;
    made.#portsComplete = packed.portsComplete;
    made.#exposedComplete = packed.exposedComplete;
    return made;
  }

  /** Returns how many exposed services were new. */
  absorb(activity: Activity): number {
    this.#addTargets(activity.targets);
    for (const port of activity.ports) this.#addPort(port);
    let exposed = 0;
    for (const contact of activity.exposed) exposed += this.#addExposed(contact);
    for (const contact of activity.unlistedExposed) {
      if (this.#addExposed(contact) === 0) continue;
      exposed++;
      this.#addTarget(contact.ip);
      this.#addPort({ proto: contact.proto, port: contact.port, hits: 1 });
    }
    if (!activity.exposedComplete) this.#exposedComplete = false;
    this.#noteReach(actorKey(activity.source), { reach: activity.reach, isOneGo: true });
    if (activity.targetCount > activity.targets.length) this.#targetsComplete = false;
    if (activity.portCount > activity.ports.length) this.#portsComplete = false;
    if (activity.pairCount >= (this.#widest?.pairCount ?? 0)) {
      // The lists are in the unions already; keeping them would hold every window's worth twice.
      this.#widest = { ...activity, targets: [], ports: [], exposed: [], unlistedExposed: [] };
    }
    return exposed;
  }

  /** `isDivided`: its sources shared the work among themselves, so what they reached adds up. */
  counts(isDivided = false): ScopeCounts {
    const floor = this.#floor(isDivided);
    const targets = this.#targets.size;
    const hosts = this.#targetsComplete ? targets : Math.max(targets, floor.targets);
    const known = this.#ports.size;
    const ports = this.#portsComplete ? known : Math.max(known, floor.ports);
    const isListed = this.#targetsComplete && this.#portsComplete;
    // What different sources reached cannot be told apart, so pairs are exact only if one did all.
    const didAll = floor.exact && floor.targets === hosts && floor.ports === ports;
    const [only] = this.#reached.values();
    const isCounted = this.#reached.size === 1 && only.isOneGo;
    return {
      hosts,
      ports,
      // An estimate must not say more than all ports of all hosts.
      pairs: Math.max(Math.min(floor.pairs, hosts * ports), hosts, ports),
      exact: this.#reached.size === 0 || (didAll && (isListed || isCounted)),
    };
  }

  /** What was reached at least: by the source that reached most, or by all of them together. */
  #floor(isDivided: boolean): Reach {
    const floor = { ...NOWHERE };
    let most = 0;
    for (const { reach } of this.#reached.values()) {
      floor.ports = Math.max(floor.ports, reach.ports);
      if (isDivided) {
        floor.targets += reach.targets;
        floor.pairs += reach.pairs;
        floor.exact = false;
      } else {
        floor.targets = Math.max(floor.targets, reach.targets);
        floor.pairs = Math.max(floor.pairs, reach.pairs);
        if (reach.pairs >= most) floor.exact = reach.exact;
        most = floor.pairs;
      }
    }
    return floor;
  }

  #noteReach(source: string, { reach, isOneGo }: SourceReach): void {
    const hasRoom = this.#reached.size < limits.actorsMax || this.#reached.has(source);
    const key = hasRoom ? source : OTHERS;
    const known = this.#reached.get(key);
    if (known === undefined) {
      this.#reached.set(key, { reach, isOneGo });
      return;
    }
    if (reach.pairs >= known.reach.pairs) known.reach = reach;
    else known.isOneGo = false;
    known.isOneGo &&= isOneGo;
  }

  /** The activity of the window with the most pairs, without its lists. */
  widest(): Activity | null {
    return this.#widest;
  }

  get exposedCount(): number {
    return this.#exposed.size;
  }

  /** Whether all exposed services are known. */
  get exposedComplete(): boolean {
    return this.#exposedComplete;
  }

  targets(): Targets {
    if (this.#orderedTargets === null) {
      const ordered = sortByAddress([...this.#targets], (target) => target);
      this.#orderedTargets = { ordered, cover: coverTargets(ordered) };
    }
    return this.#orderedTargets;
  }

  exposed(): Exposed {
    if (this.#orderedExposed === null) {
      const byProtocol = [...this.#exposed.values()].sort((left, right) =>
        compareText(left.proto, right.proto),
      );
      const byPort = sortByNumber(byProtocol, ({ port }) => port);
      const ordered = sortByAddress(byPort, ({ ip }) => ip);
      this.#orderedExposed = { ordered, hostCount: this.#exposedHosts().size };
    }
    return this.#orderedExposed;
  }

  /** Every known port, most hits first, then by number. `hits` is the most any window had. */
  ports(): PortHits[] {
    return [...this.#ports.values()].sort(
      (left, right) =>
        right.hits - left.hits || left.port - right.port || compareText(left.proto, right.proto),
    );
  }

  /** Takes in another scope, which is not used after but for `release`. */
  merge(other: Scope): void {
    this.#addTargets(other.#targets);
    for (const port of other.#ports.values()) this.#addPort(port);
    for (const contact of other.#exposed.values()) this.#addExposed(contact);
    for (const [source, reached] of other.#reached) this.#noteReach(source, reached);
    this.#targetsComplete &&= other.#targetsComplete;
    this.#portsComplete &&= other.#portsComplete;
    this.#exposedComplete &&= other.#exposedComplete;
    if ((other.#widest?.pairCount ?? 0) > (this.#widest?.pairCount ?? 0))
      this.#widest = other.#widest;
  }

  /**
   * What was tested and found: exposed services as `ip proto/port`, targets, ports as `proto/port`.
   */
  learned(): Learned {
    const { hosts, pairs } = this.counts();
    return {
      hostCount: hosts,
      pairCount: Math.max(pairs, this.#targets.size * this.#ports.size),
      exposed: new Set(this.#exposed.keys()),
      targets: new Set(this.#targets),
      exposedHosts: this.#exposedHosts(),
      ports: new Set(this.#ports.keys()),
    };
  }

  /** Gives the members back to the budget; the scope is not used after. */
  release(): void {
    this.#budget.left += this.#targets.size + this.#ports.size + this.#exposed.size;
    this.#targets.clear();
    this.#ports.clear();
    this.#exposed.clear();
  }

  #exposedHosts(): Set<string> {
    const hosts = new Set<string>();
    for (const { ip } of this.#exposed.values()) hosts.add(ip);
    return hosts;
  }

  #addTargets(targets: Iterable<string>): void {
    for (const target of targets) this.#addTarget(target);
  }

  #addTarget(target: string): void {
    if (this.#targets.has(target)) return;
    if (!this.#take(this.#targets.size, limits.scopeSetMax)) {
      this.#targetsComplete = false;
      return;
    }
    this.#targets.add(target);
    this.#orderedTargets = null;
  }

  #addPort({ proto, port, hits }: PortHits): void {
    const key = `${proto}/${port}`;
    const known = this.#ports.get(key);
    if (known) known.hits = Math.max(known.hits, hits);
    else if (!this.#take(this.#ports.size, limits.scopeSetMax)) this.#portsComplete = false;
    else this.#ports.set(key, { proto, port, hits });
  }

  #addExposed(contact: ContactSummary): number {
    const key = `${contact.ip} ${contact.proto}/${contact.port}`;
    if (this.#exposed.has(key)) return 0;
    if (!this.#take(this.#exposed.size, limits.exposedMax)) {
      this.#exposedComplete = false;
      return 0;
    }
    const { ip, port, proto } = contact;
    this.#exposed.set(key, { ip, port, proto });
    this.#orderedExposed = null;
    return 1;
  }

  #take(size: number, max: number): boolean {
    if (size < max && this.#budget.left > 0) {
      this.#budget.left--;
      return true;
    }
    this.#budget.refused++;
    return false;
  }
}
