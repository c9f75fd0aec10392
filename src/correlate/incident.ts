/** One open incident: what is known of an operator so far, and what was last said about it. */
import { createHash } from 'node:crypto';
import {
  PHASE_OF_KIND,
  type Activity,
  type ActorRole,
  type Finding,
  type Incident,
  type Kind,
  type Phase,
  type ToolGuess,
} from '../../packages/plugin-api/src/finding.js';
import { sortByAddress } from '../shared/address.js';
import { compareText } from '../shared/text.js';
import { explainConfidence, severityOf } from './confidence.js';
import type { Learned } from './informed.js';
import { limits } from './limits.js';
import { reconstruct } from './recipe.js';
import { type MemberBudget, Scope, type ScopeCounts } from './scope.js';

/**
 * `urgent`: something new in kind. `growth`: more of the same, worth a word when it has been quiet.
 */
export type Change = 'none' | 'growth' | 'urgent';

interface Actor {
  ip: string;
  role: ActorRole;
  fingerprint?: string;
}

/** Hosts of a window that one depth-phase finding can be about; more are a sweep. */
const STUDIED_HOSTS_MAX = 64;
/** A tool below this is a hunch, and no reason to speak again. */
const TOOL_NEWS_MIN = 0.5;
/** Growth of hosts, ports or pairs worth a word. */
const GROWTH_FACTOR = 10;
/** Kinds of sources that divide a scan; decoys do the same instead. */
const DIVIDED: readonly Kind[] = ['distributed_address_scan', 'distributed_port_scan'];

export class OpenIncident {
  readonly id: string;
  readonly firstSeenUs: number;
  lastSeenUs: number;
  /** Exposed services of each source when it was last tested for an informer (informers.ts). */
  tested = new Map<string, number>();
  /** Its informer is known. */
  isInformed = false;
  /** Sources by key, in the order they joined: one now; linked sources join here. */
  #actors = new Map<string, Actor>();
  #kinds = new Set<Kind>();
  #phases = new Set<Phase>();
  #tools = new Map<string, number>();
  #probes = new Set<string>();
  #evidence = new Set<string>();
  #depthTargets = new Set<string>();
  #links: string[] = [];
  #scope: Scope;
  #allowlisted: boolean;
  #depthPortCount = 0;
  #windowUsMax = 0;
  #best: Finding;
  #pathProven = false;
  #completes = false;
  /** Since the last event. */
  #change: Change = 'urgent';
  #said = { hosts: 0, ports: 0, pairs: 0, timeUs: 0 };
  #opened = false;

  constructor(key: string, first: Finding, allowlisted: boolean, budget: MemberBudget) {
    this.id = incidentId(first.id);
    this.firstSeenUs = first.firstSeenUs;
    this.lastSeenUs = first.lastSeenUs;
    this.#best = withoutLists(first);
    this.#allowlisted = allowlisted;
    this.#scope = new Scope(budget);
    if (first.source) this.#actors.set(key, { ip: first.source.ip, role: 'operator' });
  }

  /** The state, for a checkpoint. */
  pack() {
    const { id, firstSeenUs, lastSeenUs, tested, isInformed } = this;
    return {
      open: { id, firstSeenUs, lastSeenUs, tested, isInformed },
      actors: this.#actors,
      kinds: this.#kinds,
      phases: this.#phases,
      tools: this.#tools,
      probes: this.#probes,
      evidence: this.#evidence,
      depthTargets: this.#depthTargets,
      links: this.#links,
      scope: this.#scope,
      allowlisted: this.#allowlisted,
      depthPortCount: this.#depthPortCount,
      windowUsMax: this.#windowUsMax,
      best: this.#best,
      pathProven: this.#pathProven,
      completes: this.#completes,
      change: this.#change,
      said: this.#said,
      opened: this.#opened,
    };
  }

  static unpack(packed: ReturnType<OpenIncident['pack']>): OpenIncident {
    const { best, allowlisted, open } = packed;
    const made = new OpenIncident('', best, allowlisted, { left: 0, refused: 0 });
    Object.assign(made, open);
    made.#actors = packed.actors;
    made.#kinds = packed.kinds;
    made.#phases = packed.phases;
    made.#tools = packed.tools;
    made.#probes = packed.probes;
    made.#evidence = packed.evidence;
    made.#depthTargets = packed.depthTargets;
    made.#links = packed.links;
    made.#scope = packed.scope;
    made.#depthPortCount = packed.depthPortCount;
    made.#windowUsMax = packed.windowUsMax;
    made.#pathProven = packed.pathProven;
    made.#completes = packed.completes;
    made.#change = packed.change;
    made.#said = packed.said;
    made.#opened = packed.opened;
    return made;
  }

  /** Actor keys that lead to this incident. */
  get keys(): Iterable<string> {
    return this.#actors.keys();
  }

  /** Adds a source, or changes what it is taken for. News when it is either. */
  setActor(key: string, ip: string, role: ActorRole, fingerprint?: string): void {
    const known = this.#actors.get(key);
    if (known !== undefined && known.role === role) return;
    if (known === undefined && this.#actors.size >= limits.actorsMax) return;
    this.#actors.set(key, {
      ip,
      role,
      ...(fingerprint ? { fingerprint } : {}),
      ...(known && { ...known, role }),
    });
    this.#note('urgent');
  }

  roleOf(key: string): ActorRole | undefined {
    return this.#actors.get(key)?.role;
  }

  /** Takes in a later incident that turned out to be the same operator's. */
  merge(other: OpenIncident): void {
    this.lastSeenUs = Math.max(this.lastSeenUs, other.lastSeenUs);
    for (const [key, actor] of other.#actors) {
      if (!this.#actors.has(key) && this.#actors.size < limits.actorsMax)
        this.#actors.set(key, actor);
    }
    for (const kind of other.#kinds) this.#kinds.add(kind);
    for (const phase of other.#phases) this.#phases.add(phase);
    for (const [name, confidence] of other.#tools) this.#absorbTool({ name, confidence });
    for (const probe of other.#probes) this.#probes.add(probe);
    for (const id of other.#evidence)
      if (this.#evidence.size < limits.evidenceMax) this.#evidence.add(id);
    for (const target of other.#depthTargets) {
      if (this.#depthTargets.size < limits.targetsListedMax) this.#depthTargets.add(target);
    }
    this.#links.push(...other.#links);
    this.#depthPortCount = Math.max(this.#depthPortCount, other.#depthPortCount);
    this.#windowUsMax = Math.max(this.#windowUsMax, other.#windowUsMax);
    if (other.#best.confidence > this.#best.confidence) this.#best = other.#best;
    this.#pathProven ||= other.#pathProven;
    this.#completes ||= other.#completes;
    this.#scope.merge(other.#scope);
    this.#note('urgent');
  }

  /** Why several sources are taken for one operator: said with the confidence. */
  noteLink(reason: string): void {
    if (this.#links.length < limits.linksMax && !this.#links.includes(reason))
      this.#links.push(reason);
  }

  /** What earlier scanning learned: the exposed services and the size of what was tested. */
  learned(): Learned {
    return this.#scope.learned();
  }

  get exposedCount(): number {
    return this.#scope.exposedCount;
  }

  get phases(): ReadonlySet<Phase> {
    return this.#phases;
  }

  get ips(): string[] {
    return [...this.#actors.values()].map(({ ip }) => ip);
  }

  /** Whether it has been told. */
  get isOpened(): boolean {
    return this.#opened;
  }

  absorbFinding(finding: Finding, key: string): void {
    if (!this.#kinds.has(finding.kind)) this.#note('urgent');
    if (!this.#phases.has(finding.phase)) this.#note('urgent');
    this.#kinds.add(finding.kind);
    this.#phases.add(finding.phase);
    this.#probes.add(finding.probe);
    this.#windowUsMax = Math.max(this.#windowUsMax, finding.windowS * 1e6);
    this.lastSeenUs = Math.max(this.lastSeenUs, finding.lastSeenUs);
    if (finding.confidence > this.#best.confidence || finding.id === this.#best.id) {
      this.#best = withoutLists(finding);
    }
    if (this.#evidence.size < limits.evidenceMax) this.#evidence.add(finding.id);
    if (finding.phase === 'depth') this.#absorbDepth(finding);
    this.#nameThirdParty(finding, key);
    if (finding.activity) this.absorbActivity(finding.activity, key);
  }

  /**
   * Remembers which hosts were studied. A finding that names none is about all that its source did,
   * which says something only if its source did not sweep as well.
   */
  #absorbDepth({ kind, target, count, activity }: Finding): void {
    const { targetCount = 0, targets = [] } = activity ?? {};
    const studied = target ? [target.ip] : targetCount <= STUDIED_HOSTS_MAX ? targets : [];
    for (const ip of studied) {
      if (this.#depthTargets.size < limits.targetsListedMax) this.#depthTargets.add(ip);
    }
    if (kind === 'port_scan') this.#depthPortCount = Math.max(this.#depthPortCount, count);
  }

  /** An idle scan has a third party: our host, or the address that the probes seem to come from. */
  #nameThirdParty(finding: Finding, key: string): void {
    if (finding.kind === 'idle_scan_zombie' && finding.target) {
      this.setActor(`${finding.target.ip} ${finding.target.tunnel}`, finding.target.ip, 'zombie');
    } else if (finding.kind === 'idle_scan_target' && finding.source) {
      this.setActor(key, finding.source.ip, 'zombie');
    }
  }

  absorbActivity(activity: Activity, key: string): void {
    this.lastSeenUs = Math.max(this.lastSeenUs, activity.lastSeenUs);
    this.#pathProven ||= activity.pathProven;
    for (const probe of activity.probes) this.#probes.add(probe);
    for (const tool of activity.tools) this.#absorbTool(tool);
    const actor = this.#actors.get(key);
    const fingerprint = activity.fingerprints[0]?.p0f;
    if (actor && fingerprint !== undefined) actor.fingerprint ??= fingerprint;
    const exposedBefore = this.#scope.exposedCount;
    const exposedNew = this.#scope.absorb(activity);
    if (exposedNew > 0) this.#note(exposedBefore === 0 ? 'urgent' : 'growth');
    if (this.#hasGrown()) this.#note('growth');
  }

  /** The source was also reported for connections that complete. */
  noteCompletes(): void {
    this.#completes = true;
  }

  /** When it counts as over: a scan slow enough for a day's window may pause for hours. */
  idleDeadlineUs(idleUs: number): number {
    return this.lastSeenUs + Math.max(idleUs, this.#windowUsMax);
  }

  /**
   * Whether to speak at this packet time: news at once, growth when it has been quiet for
   * `quietUs`.
   */
  wantsToSpeak(timeUs: number, quietUs: number): boolean {
    if (this.#change === 'urgent') return true;
    return this.#change === 'growth' && timeUs - this.#said.timeUs >= quietUs;
  }

  #counts(): ScopeCounts {
    const isDivided = DIVIDED.some((kind) => this.#kinds.has(kind));
    return this.#scope.counts(isDivided && !this.#kinds.has('decoy_scan'));
  }

  /** The incident as of now, which counts as said. */
  speak(state: Incident['state'], judgedUs: number): Incident {
    const counts = this.#counts();
    this.#said = {
      hosts: counts.hosts,
      ports: counts.ports,
      pairs: counts.pairs,
      timeUs: judgedUs,
    };
    this.#change = 'none';
    this.#opened = true;
    const tools = this.#sortedTools();
    const ports = this.#scope.ports();
    const { ordered: targets, cover } = this.#scope.targets();
    const { ordered: exposed, hostCount } = this.#scope.exposed();
    const { exact, ...sizes } = counts;
    return {
      id: this.id,
      state,
      ...this.#confidence(tools),
      severity: severityOf(this.#phases, this.#scope.exposedCount),
      actors: [...this.#actors.values()].map((actor) => ({ ...actor })),
      phases: [...this.#phases],
      kinds: [...this.#kinds],
      tools,
      firstSeenUs: this.firstSeenUs,
      lastSeenUs: this.lastSeenUs,
      scope: {
        ...sizes,
        exact,
        topPorts: ports.slice(0, limits.topPortsMax).map((port) => ({ ...port })),
        targets: targets.slice(0, limits.targetsListedMax),
        networks: cover.parts,
        studied: sortByAddress([...this.#depthTargets], (target) => target),
      },
      exposed: exposed.slice(0, limits.exposedListedMax),
      exposedScope: {
        services: exposed.length,
        hosts: hostCount,
        complete: this.#scope.exposedComplete,
      },
      recipe: reconstruct({
        cover,
        hosts: counts.hosts,
        ports,
        portCount: counts.ports,
        exact,
        probes: this.#probes,
        kinds: this.#kinds,
        tools,
        depthTargets: [...this.#depthTargets],
        depthPortCount: this.#depthPortCount,
      }),
      evidence: [...this.#evidence],
      judgedUs,
    };
  }

  /** Gives back what it held of the shared budget. */
  release(): void {
    this.#scope.release();
  }

  #note(change: Change): void {
    if (this.#change !== 'urgent') this.#change = change;
  }

  #absorbTool({ name, confidence }: ToolGuess): void {
    const known = this.#tools.get(name);
    if (known === undefined && this.#tools.size >= limits.toolsMax) return;
    const isNews = (known ?? 0) < TOOL_NEWS_MIN && confidence >= TOOL_NEWS_MIN;
    this.#tools.set(name, Math.max(known ?? 0, confidence));
    if (isNews) this.#note('urgent');
  }

  #hasGrown(): boolean {
    const { hosts, ports, pairs } = this.#counts();
    const grown = (now: number, said: number): boolean => now >= GROWTH_FACTOR * Math.max(1, said);
    return (
      grown(hosts, this.#said.hosts) ||
      grown(ports, this.#said.ports) ||
      grown(pairs, this.#said.pairs)
    );
  }

  #confidence(tools: readonly ToolGuess[]): { confidence: number; reasons: string[] } {
    const { confidence, reasons } = explainConfidence({
      best: this.#best,
      widest: this.#scope.widest(),
      counts: this.#counts(),
      exposedCount: this.#scope.exposedCount,
      kinds: this.#kinds,
      phases: this.#phases,
      tools,
      pathProven: this.#pathProven,
      allowlisted: this.#allowlisted,
      completes: this.#completes,
    });
    return { confidence, reasons: [...reasons, ...this.#links.map((link) => `+ ${link}`)] };
  }

  #sortedTools(): ToolGuess[] {
    const tools = [...this.#tools].map(([name, confidence]) => ({ name, confidence }));
    return tools.sort(
      (left, right) => right.confidence - left.confidence || compareText(left.name, right.name),
    );
  }
}

/** Whether a finding may open an incident: noise never does. */
export function opensIncident(finding: Finding): boolean {
  return (
    PHASE_OF_KIND[finding.kind] !== 'noise' && finding.source !== null && finding.state !== 'ended'
  );
}

/** The same on every replay, and apart from the finding's own id. */
function incidentId(findingId: string): string {
  return createHash('sha256').update(`incident ${findingId}`).digest('hex').slice(0, 16);
}

/** A finding is kept as long as its incident; its lists live in the scope already. */
function withoutLists(finding: Finding): Finding {
  return { ...finding, activity: null, evidence: {} };
}
