/**
 * Everything a shard remembers: the windows of its sources and targets, what is open, how far each
 * sensor has come. Batches merge into it; it judges nothing. Its fields are ordinary ones, since a
 * checkpoint walks them (checkpoint.ts).
 */
import {
  type Batch,
  CoverageField,
  latin1,
  SINGLE_SIZE,
  SingleAt,
  SourceWindow,
  TargetWindow,
} from '../../packages/plugin-api/src/index.js';
import { type Lapse, lapseOf, noteLapse } from './coverage.js';
import { FindingLog } from './finding-log.js';
import { Memory } from './memory.js';

export interface Tracked<W> {
  window: W;
  log: FindingLog;
}

/** Capacities of one shard, and the horizon of its windows (microseconds). */
export interface ShardLimits {
  sourcesMax: number;
  targetsMax: number;
  historySourcesMax: number;
  horizonUs: number;
  /** A sensor this far behind the foremost one (microseconds) holds nothing back. */
  sensorSilentUs: number;
}

/** Sensor incarnations whose sequences are remembered; beyond it the oldest are forgotten. */
const SEQUENCES_MAX = 1024;
/** Without an outbound packet in this long, silence of the protected side means nothing. */
const ANSWERS_SEEN_US = 60_000_000;
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
  /** What was not looked at, see coverage.ts. */
  lapses: Lapse[] = [];
  readonly losses = {
    window_sources_evicted: 0,
    window_targets_evicted: 0,
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

  /** Merges the observations; returns the keys of the sources that were touched. */
  merge(batch: Batch, limits: ShardLimits): Set<string> {
    const touched = new Set<string>();
    for (const observation of batch.sources) {
      const { tunnelKey, address } = observation;
      const key = entityKey(tunnelKey, address);
      this.source(key, tunnelKey, limits).window.merge(observation, batch);
      touched.add(key);
    }
    this.mergeSingles(batch, limits, touched);
    for (const observation of batch.targets) {
      const key = entityKey(observation.tunnelKey, observation.address);
      let tracked = this.targets.get(key);
      if (tracked === undefined) {
        if (this.targets.size >= limits.targetsMax)
          this.evict(this.targets, 'window_targets_evicted');
        const window = new TargetWindow(observation.tunnelKey, addressOfKey(key), limits.horizonUs);
        tracked = { window, log: new FindingLog() };
        this.targets.set(key, tracked);
      }
      tracked.window.merge(observation, batch);
    }
    return touched;
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
      if (tracked.window.expire(this.watermarkUs) && !tracked.log.active) this.sources.delete(key);
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
    this.lapses = [];
  }

  /** Whether the protected side's answers pass a sensor, as of `timeUs`. */
  answersVisible(timeUs: number): boolean {
    return timeUs - this.lastOutboundUs <= ANSWERS_SEEN_US;
  }

  private mergeSingles(batch: Batch, limits: ShardLimits, touched: Set<string>): void {
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
      touched.add(key);
    }
  }

  /** The source's window, made if need be; moves it to the young end of the eviction order. */
  private source(
    key: string,
    tunnelKey: number,
    { sourcesMax, horizonUs }: ShardLimits,
  ): Tracked<SourceWindow> {
    let tracked = this.sources.get(key);
    if (tracked !== undefined) this.sources.delete(key);
    else {
      if (this.sources.size >= sourcesMax) this.evict(this.sources, 'window_sources_evicted');
      tracked = {
        window: new SourceWindow(tunnelKey, addressOfKey(key), horizonUs),
        log: new FindingLog(),
      };
    }
    this.sources.set(key, tracked);
    return tracked;
  }

  private evict<W>(
    from: Map<string, Tracked<W>>,
    counter: 'window_sources_evicted' | 'window_targets_evicted',
  ): void {
    for (const [key, tracked] of from) {
      if (tracked.log.active) continue;
      from.delete(key);
      this.losses[counter]++;
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
