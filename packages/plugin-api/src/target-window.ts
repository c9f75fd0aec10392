/**
 * The sliding window of one target: what came at it, epoch by epoch. Only epochs with many SYNs are
 * reported by the observers, so it is short and exists for few targets.
 */
import type { Batch, TargetObservation } from './batch.js';
import { CoverageField, TargetCounter } from './batch-layout.js';
import { addressHash, type Count, latin1 } from './contact.js';
import { withEpoch } from './epochs.js';
import { estimateUnion, Sketch } from './sketch.js';

/** What one sensor counted in one epoch. */
interface TargetEpoch {
  startUs: number;
  sensor: string;
  counters: readonly number[];
  topPort: number;
  topPortSyns: number;
  /** Packets to all targets that it saw come in. */
  inbound: number;
}

type TargetOrigin = Pick<Batch, 'sensor' | 'epochStartUs' | 'epochUs' | 'coverage'>;

/** Exact sources of a target in a window; beyond it they are estimated. */
const SOURCES_MAX = 1024;
/** About what each takes in memory, what an epoch does, and what a window does beside them. */
const SOURCE_BYTES = 96;
const EPOCH_BYTES = 256;
const WINDOW_BYTES = 768;

export class TargetWindow {
  /** In the order of their time. */
  private epochs: TargetEpoch[] = [];
  private readonly sources = new Map<string, number>();
  private sketch: { sketch: Sketch; lastUs: number } | null = null;
  /** How many there had been when they were forgotten, and when the last of them came. */
  private forgotten: { count: number; lastUs: number } | null = null;
  lastSeenUs = 0;

  constructor(
    readonly tunnelKey: number,
    /** 4 or 16 bytes as latin1. */
    readonly address: string,
    private readonly horizonUs: number,
  ) {}

  /** Takes in one epoch's observation; what several sensors saw adds up. */
  merge(observation: TargetObservation, origin: TargetOrigin): void {
    const { sensor, epochStartUs, epochUs, coverage } = origin;
    const { counters, topPort, topPortSyns, sources, sourceSketch } = observation;
    const inbound = coverage[CoverageField.inbound];
    const epoch = { startUs: epochStartUs, sensor, counters, topPort, topPortSyns, inbound };
    const known = this.epochs.findIndex((e) => e.startUs === epochStartUs && e.sensor === sensor);
    if (known >= 0) this.epochs[known] = epoch;
    else this.epochs = withEpoch(this.epochs, epoch);
    const size = this.address.length;
    for (let at = 0; at < sources.length; at += size) {
      const source = latin1(sources, at, size);
      if (this.sources.size < SOURCES_MAX || this.sources.has(source))
        this.sources.set(source, epochStartUs);
      else this.addToSketch(addressHash(source), epochStartUs);
    }
    if (sourceSketch !== null && sourceSketch.length > 0) {
      this.sketch ??= { sketch: new Sketch(), lastUs: 0 };
      this.sketch.sketch.merge(sourceSketch);
      this.sketch.lastUs = epochStartUs;
    }
    this.lastSeenUs = Math.max(this.lastSeenUs, epochStartUs + epochUs - 1);
  }

  /** Forgets what is older than the horizon. True when nothing is left. */
  expire(nowUs: number): boolean {
    const oldest = nowUs - this.horizonUs;
    while (this.epochs.length > 0 && this.epochs[0].startUs < oldest) this.epochs.shift();
    for (const [source, lastUs] of this.sources) if (lastUs < oldest) this.sources.delete(source);
    if (this.sketch !== null && this.sketch.lastUs < oldest) this.sketch = null;
    if (this.forgotten !== null && this.forgotten.lastUs < oldest) this.forgotten = null;
    return this.epochs.length === 0;
  }

  /** About what the window takes in memory: the same for the same window, wherever it is. */
  get bytes(): number {
    const { epochs, sources, sketch } = this;
    const listed = epochs.length * EPOCH_BYTES + sources.size * SOURCE_BYTES;
    return WINDOW_BYTES + listed + (sketch?.sketch.bytes ?? 0);
  }

  /**
   * Gives up detail until the window takes at most `limitBytes`, or has little but its counters
   * left: the names of its sources, then all of them but how many there were.
   */
  shrink(limitBytes: number): void {
    if (this.bytes <= limitBytes) return;
    for (const [source, lastUs] of this.sources) this.addToSketch(addressHash(source), lastUs);
    this.sources.clear();
    if (this.bytes <= limitBytes) return;
    this.forgotten = { count: this.sourceCount().count, lastUs: this.lastSeenUs };
    this.sketch = null;
  }

  /** A counter (TargetCounter) summed over the window, and its largest epoch. */
  counter(counter: number): { sum: number; max: number } {
    let sum = 0;
    let max = 0;
    let inEpoch = 0;
    let epochUs = -1;
    for (const { startUs, counters } of this.epochs) {
      if (startUs !== epochUs) inEpoch = 0;
      epochUs = startUs;
      inEpoch += counters[counter];
      sum += counters[counter];
      max = Math.max(max, inEpoch);
    }
    return { sum, max };
  }

  /** The port most SYNs went to, and its share of them (a lower bound, 0 to 1). */
  topPort(): { port: number; share: number } {
    const syns = new Map<number, number>();
    for (const e of this.epochs) syns.set(e.topPort, (syns.get(e.topPort) ?? 0) + e.topPortSyns);
    let top = { port: 0, count: 0 };
    for (const [port, count] of syns) if (count > top.count) top = { port, count };
    const all = this.counter(TargetCounter.syns).sum;
    return { port: top.port, share: all === 0 ? 0 : top.count / all };
  }

  /** Its SYNs' share of all that came in meanwhile, 0 to 1. */
  synShare(): number {
    let inbound = 0;
    for (const epoch of this.epochs) inbound += epoch.inbound;
    return inbound === 0 ? 0 : this.counter(TargetCounter.syns).sum / inbound;
  }

  sourceCount(): Count {
    const { sources, sketch, forgotten } = this;
    if (sketch === null && forgotten === null) return { count: sources.size, exact: true };
    const sketches = sketch === null ? [] : [sketch.sketch];
    const count = estimateUnion(sketches, [...sources.keys()].map(addressHash));
    return { count: Math.max(sources.size, forgotten?.count ?? 0, count), exact: false };
  }

  /** The first few sources (latin1), in the order they came. */
  sampleSources(count: number): string[] {
    return [...this.sources.keys()].slice(0, count);
  }

  get firstSeenUs(): number {
    return this.epochs[0]?.startUs ?? this.lastSeenUs;
  }

  private addToSketch(hash: number, nowUs: number): void {
    this.sketch ??= { sketch: new Sketch(), lastUs: 0 };
    this.sketch.sketch.add(hash);
    this.sketch.lastUs = nowUs;
  }
}
