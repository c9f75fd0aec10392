/**
 * Everything a shard remembers: the windows of its sources and targets, what is open, how far each
 * sensor has come. Batches merge into it; it judges nothing. Its fields are ordinary ones, since a
 * checkpoint walks them (checkpoint.ts).
 */
import {
  type Batch,
  CoverageField,
  latin1,
  Outcome,
  ProbeKind,
  SINGLE_SIZE,
  SingleAt,
  SourceCounter,
  SourceWindow,
  TargetWindow,
} from '../../packages/plugin-api/src/index.js';
import { type Lapse, lapseOf, noteLapse } from './coverage.js';
import { fairShare } from './fair-share.js';
import { FindingLog } from './finding-log.js';
import { Memory } from './memory.js';

export interface Tracked<W extends SourceWindow | TargetWindow> {
  window: W;
  log: FindingLog;
  /** What both took in memory when they were counted last. */
  bytes: number;
}

/** Capacities of one shard, and the times of its windows (microseconds). */
export interface ShardLimits {
  sourcesMax: number;
  targetsMax: number;
  historySourcesMax: number;
  /** What all windows take in memory together, about. */
  windowBytesMax: number;
  horizonUs: number;
  /** See `DetectOptions.pauseUs`. */
  pauseUs: number;
  /** A sensor this far behind the foremost one (microseconds) holds nothing back. */
  sensorSilentUs: number;
}

/** What a batch brought. */
export interface Merged {
  /** Keys of the sources that it names. */
  touched: Set<string>;
  /** SYNs of them, and connections that came of any. */
  syns: number;
  connected: number;
}

/** Sensor incarnations whose sequences are remembered; beyond it the oldest are forgotten. */
const SEQUENCES_MAX = 1024;
/** Without an outbound packet in this long, silence of the protected side means nothing. */
const ANSWERS_SEEN_US = 60_000_000;
/** Of the windows' bytes, what is left when they had taken more: not every batch must find room. */
const RELIEVED_TO = 0.75;
/** Entities with open findings that an eviction passes over before it takes one of them. */
const PASSED_OVER_MAX = 256;
/** Code units of an entity's key before its address. */
const TUNNEL_UNITS = 2;

export class ShardState {
  sources = new Map<string, Tracked<SourceWindow>>();
  targets = new Map<string, Tracked<TargetWindow>>();
  /**
   * Sources to judge again when the next epoch closes: something is open, or an answer is awaited.
   */
  revisit = new Set<string>();
  /** The last sequence merged, by sensor incarnation (`name#incarnation`). */
  readonly sequences = new Map<string, number>();
  /** End of the last epoch, by sensor name: a restarted sensor goes on where it was. */
  watermarks = new Map<string, number>();
  watermarkUs = 0;
  lastOutboundUs = Number.NEGATIVE_INFINITY;
  sweptUs = 0;
  memory: Memory;
  /** What all windows took when each was counted last. */
  private windowBytes = 0;
  /** Evicted though something was open, until it is told that it ended. */
  evicted: FindingLog[] = [];
  /** What was not looked at, see coverage.ts. */
  lapses: Lapse[] = [];
  readonly losses = {
    window_sources_evicted: 0,
    window_targets_evicted: 0,
    windows_shrunk: 0,
    window_contacts_dropped: 0,
    window_payloads_dropped: 0,
    findings_suppressed: 0,
    suspects_dropped: 0,
    finds_dropped: 0,
  };

  constructor(historySourcesMax: number) {
    this.memory = new Memory(historySourcesMax);
  }

  /** Whether the batch is new; it counts as merged then. */
  isNews({ sensor, sequence }: Batch): boolean {
    if (sequence <= (this.sequences.get(sensor) ?? -1)) return false;
    this.sequences.delete(sensor);
    this.sequences.set(sensor, sequence);
    if (this.sequences.size > SEQUENCES_MAX)
      this.sequences.delete(this.sequences.keys().next().value as string);
    return true;
  }

  /** Merges the observations. */
  merge(batch: Batch, limits: ShardLimits): Merged {
    const merged: Merged = { touched: new Set(), syns: 0, connected: 0 };
    const { touched } = merged;
    for (const observation of batch.sources) {
      const { tunnelKey, address, counters } = observation;
      merged.syns += counters[SourceCounter.syn];
      merged.connected += counters[SourceCounter.established];
      const key = entityKey(tunnelKey, address);
      this.source(key, tunnelKey, limits).window.merge(observation, batch);
      touched.add(key);
    }
    this.mergeSingles(batch, limits, merged);
    for (const observation of batch.targets) {
      const key = entityKey(observation.tunnelKey, observation.address);
      let tracked = this.targets.get(key);
      if (tracked === undefined) {
        if (this.targets.size >= limits.targetsMax)
          this.evict(this.targets, 'window_targets_evicted');
        const window = new TargetWindow(observation.tunnelKey, addressOfKey(key), limits.horizonUs);
        tracked = { window, log: new FindingLog(), bytes: 0 };
        this.targets.set(key, tracked);
      }
      tracked.window.merge(observation, batch);
    }
    return merged;
  }

  /** Moves the watermark: the time up to which every sensor that is there has reported. */
  advance(batch: Batch, { horizonUs, sensorSilentUs }: ShardLimits): void {
    this.watermarks.set(sensorName(batch.sensor), batch.epochStartUs + batch.epochUs);
    const foremostUs = Math.max(...this.watermarks.values());
    let lowestUs = foremostUs;
    for (const timeUs of this.watermarks.values())
      if (timeUs >= foremostUs - sensorSilentUs) lowestUs = Math.min(lowestUs, timeUs);
    this.watermarkUs = Math.max(this.watermarkUs, lowestUs);
    const lapse = lapseOf(batch);
    if (lapse !== null) noteLapse(this.lapses, lapse, horizonUs);
    if (batch.coverage[CoverageField.outbound] > 0) this.lastOutboundUs = batch.epochStartUs;
    if (this.watermarkUs - this.sweptUs < horizonUs / 4) return;
    this.sweptUs = this.watermarkUs;
    for (const [key, tracked] of this.sources) {
      // What is awaited is judged first, however long no packet came.
      if (this.revisit.has(key)) continue;
      const isEmpty = tracked.window.expire(this.watermarkUs);
      if (isEmpty && !tracked.log.active) this.remove(this.sources, key);
      else this.countSource(tracked);
    }
  }

  /** Counts what a source's window takes by now, and what it gave up on its own. */
  countSource(tracked: Tracked<SourceWindow>): void {
    const { window, log } = tracked;
    this.count(tracked);
    const { losses } = this;
    losses.window_contacts_dropped += window.takeDropped();
    losses.window_payloads_dropped += window.payloads?.takeDropped() ?? 0;
    losses.finds_dropped += window.finds?.takeDropped() ?? 0;
    losses.findings_suppressed += log.suppressed;
    log.suppressed = 0;
  }

  /** Counts what a window takes by now. */
  count(tracked: Tracked<SourceWindow | TargetWindow>): void {
    const bytes = tracked.window.bytes + tracked.log.bytes;
    this.windowBytes += bytes - tracked.bytes;
    tracked.bytes = bytes;
  }

  /** Forgets a source or a target. */
  remove<W extends SourceWindow | TargetWindow>(from: Map<string, Tracked<W>>, key: string): void {
    this.windowBytes -= from.get(key)?.bytes ?? 0;
    from.delete(key);
  }

  /** Keeps the windows within their bound: those that take more than their share give up detail. */
  relieve({ windowBytesMax }: ShardLimits, nowUs: number): void {
    if (this.windowBytes <= windowBytesMax) return;
    const sizes: number[] = [];
    for (const { bytes } of this.sources.values()) sizes.push(bytes);
    for (const { bytes } of this.targets.values()) sizes.push(bytes);
    const share = fairShare(sizes, RELIEVED_TO * windowBytesMax);
    for (const tracked of this.sources.values()) {
      if (tracked.bytes <= share) continue;
      tracked.window.shrink(share - tracked.log.bytes, nowUs);
      this.losses.windows_shrunk++;
      this.countSource(tracked);
    }
    for (const tracked of this.targets.values()) {
      if (tracked.bytes <= share) continue;
      tracked.window.shrink(share - tracked.log.bytes);
      this.losses.windows_shrunk++;
      this.count(tracked);
    }
  }

  /** A sensor is gone: it holds the watermark back no more. True when it was the last one. */
  leave(sensor: string): boolean {
    this.watermarks.delete(sensorName(sensor));
    return this.watermarks.size === 0;
  }

  /** Begins anew after the end of input. What was merged stays merged: a replay changes nothing. */
  reset(historySourcesMax: number): void {
    this.sources = new Map();
    this.targets = new Map();
    this.revisit = new Set();
    this.watermarks = new Map();
    this.watermarkUs = 0;
    this.lastOutboundUs = Number.NEGATIVE_INFINITY;
    this.sweptUs = 0;
    this.memory = new Memory(historySourcesMax);
    this.windowBytes = 0;
    this.lapses = [];
  }

  /** Whether the protected side's answers pass a sensor, as of `timeUs`. */
  answersVisible(timeUs: number): boolean {
    return timeUs - this.lastOutboundUs <= ANSWERS_SEEN_US;
  }

  private mergeSingles(batch: Batch, limits: ShardLimits, merged: Merged): void {
    const { singles } = batch;
    const view = new DataView(singles.buffer, singles.byteOffset, singles.byteLength);
    for (let at = 0; at < singles.length; at += SINGLE_SIZE) {
      const tunnelKey = view.getUint32(at + SingleAt.tunnelKey, true);
      const from = at + SingleAt.source;
      const v4 =
        view.getUint32(from) === 0 &&
        view.getUint32(from + 4) === 0 &&
        view.getUint32(from + 8) === 0xffff;
      const address = singles.subarray(v4 ? from + 12 : from, from + 16);
      const key = entityKey(tunnelKey, address);
      const { window } = this.source(key, tunnelKey, limits);
      window.mergeSingle(singles, at, batch);
      merged.touched.add(key);
      if ((view.getUint16(at + SingleAt.kinds, true) & ProbeKind.syn) !== 0) merged.syns++;
      if ((view.getUint16(at + SingleAt.outcome, true) & Outcome.established) !== 0)
        merged.connected++;
    }
  }

  /** The source's window, made if need be; moves it to the young end of the eviction order. */
  private source(
    key: string,
    tunnelKey: number,
    { sourcesMax, horizonUs, pauseUs }: ShardLimits,
  ): Tracked<SourceWindow> {
    let tracked = this.sources.get(key);
    if (tracked !== undefined) this.sources.delete(key);
    else {
      if (this.sources.size >= sourcesMax) this.evict(this.sources, 'window_sources_evicted');
      tracked = {
        window: new SourceWindow(tunnelKey, addressOfKey(key), horizonUs, pauseUs),
        log: new FindingLog(),
        bytes: 0,
      };
    }
    this.sources.set(key, tracked);
    return tracked;
  }

  /**
   * The entity that was not heard of for longest goes. One of which something is open gets another
   * turn, unless there are only such.
   */
  private evict<W extends SourceWindow | TargetWindow>(
    from: Map<string, Tracked<W>>,
    counter: 'window_sources_evicted' | 'window_targets_evicted',
  ): void {
    let passedOver = 0;
    for (const [key, tracked] of from) {
      const isOpen = tracked.log.active;
      if (isOpen && passedOver++ < PASSED_OVER_MAX) {
        from.delete(key);
        from.set(key, tracked);
        continue;
      }
      this.remove(from, key);
      this.losses[counter]++;
      if (isOpen) this.evicted.push(tracked.log);
      return;
    }
  }
}

/** `edge-1` of `edge-1#k3x9`: the name without the incarnation. */
function sensorName(sensor: string): string {
  const at = sensor.indexOf('#');
  return at < 0 ? sensor : sensor.slice(0, at);
}

/** As latin1. */
function addressOfKey(key: string): string {
  return key.slice(TUNNEL_UNITS);
}

/** The tunnel's code units, and the address as latin1. */
function entityKey(tunnelKey: number, address: Uint8Array): string {
  return (
    String.fromCharCode(tunnelKey >>> 16, tunnelKey & 0xffff) + latin1(address, 0, address.length)
  );
}
