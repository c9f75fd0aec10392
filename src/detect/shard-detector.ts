/**
 * The judge of a few shards: batches in, findings out. Epochs merge into windows by packet time;
 * each source that was touched, has something open or awaits an answer is judged when its epoch
 * closes. Synchronous and without I/O: what is said depends on the batches alone.
 */
import {
  type Activity,
  type Batch,
  type Circumstances,
  CoverageField,
  decodeBatch,
  type Detector,
  type Finding,
  type HistoryDetector,
  latin1,
  NOTHING,
  SINGLE_SIZE,
  SourceWindow,
  summarize,
  type SourceDetector,
  type SourceHistory,
  type SourceSummary,
  type Suspect,
  type TargetDetector,
  TargetWindow,
} from '../../packages/plugin-api/src/index.js';
import { PicketError } from '../shared/errors.js';
import { activityOf, entityName } from './activity.js';
import { FindingLog } from './finding-log.js';
import { Memory } from './memory.js';
import type { DetectOptions } from './options.js';
import { DETECTORS } from './registry.js';
import { suspectOf } from './suspects.js';

/** Same shape as the transport's `ShardOutcome`. */
export interface Outcome {
  shard: number;
  watermarkUs: number;
  final: boolean;
  findings: Finding[];
  progress: Activity[];
  suspects: Suspect[];
  losses: Record<string, number>;
}

interface Configured<D extends Detector> {
  detector: D;
  config: unknown;
  windowS: number;
}

interface Tracked<W> {
  window: W;
  log: FindingLog;
}

/** Without an outbound packet in this long, silence of the protected side means nothing. */
const ANSWERS_SEEN_US = 60_000_000;
/** Sources of a shard and epoch that the correlator hears of; a flood's are folded before. */
const SUSPECTS_MAX = 512;

class Shard {
  readonly sources = new Map<string, Tracked<SourceWindow>>();
  readonly targets = new Map<string, Tracked<TargetWindow>>();
  /**
   * Sources to judge again when the next epoch closes: something is open, or an answer is awaited.
   */
  readonly revisit = new Set<string>();
  readonly sequences = new Map<string, number>();
  readonly watermarks = new Map<string, number>();
  watermarkUs = 0;
  lastOutboundUs = Number.NEGATIVE_INFINITY;
  lastEpochUs = 1_000_000;
  sweptUs = 0;
}

export class ShardDetector {
  private readonly shards = new Map<number, Shard>();
  private readonly sourceDetectors: Configured<SourceDetector>[] = [];
  private readonly targetDetectors: Configured<TargetDetector>[] = [];
  private readonly historyDetectors: Configured<HistoryDetector>[] = [];
  private readonly memory: Memory;
  private readonly sourcesMax: number;
  private readonly targetsMax: number;
  private readonly horizonUs: number;
  private readonly losses = {
    window_sources_evicted: 0,
    window_targets_evicted: 0,
    findings_suppressed: 0,
    suspects_dropped: 0,
  };

  constructor(options: DetectOptions, shards: readonly number[]) {
    this.memory = new Memory(options.historySourcesMax);
    this.sourcesMax = Math.max(
      1,
      Math.floor(options.windowSourcesMax / Math.max(1, shards.length)),
    );
    this.targetsMax = Math.max(
      1,
      Math.floor(options.windowTargetsMax / Math.max(1, shards.length)),
    );
    for (const shard of shards) this.shards.set(shard, new Shard());
    let longest = 1;
    for (const detector of DETECTORS) {
      const settings = options.detectors[detector.id];
      if (settings === false) continue;
      const config = detector.config.parse(settings ?? {});
      const windowS = detector.windowS(config);
      if (detector.entity === 'history') {
        this.historyDetectors.push({ detector, config, windowS });
        continue;
      }
      longest = Math.max(longest, windowS);
      if (detector.entity === 'source') this.sourceDetectors.push({ detector, config, windowS });
      else this.targetDetectors.push({ detector, config, windowS });
    }
    this.horizonUs = longest * 1e6;
  }

  /**
   * Merges one batch and judges what it touches.
   * @throws PicketError `batch-invalid` when it cannot be decoded or is not ours; nothing is
   * changed then
   */
  accept(bytes: Uint8Array): Outcome {
    const batch = decoded(bytes);
    const shard = this.shards.get(batch.shard);
    if (shard === undefined)
      throw new PicketError('batch-invalid', `a batch of shard ${batch.shard}, which is not ours`);
    const known = shard.sequences.get(batch.sensor) ?? -1;
    if (batch.sequence <= known) return this.outcome(batch.shard, shard, [], [], [], false);
    shard.sequences.set(batch.sensor, batch.sequence);
    const touched = this.merge(shard, batch);
    const findings: Finding[] = [];
    const progress: Activity[] = [];
    if (batch.final) {
      this.advance(shard, batch);
      for (const key of shard.revisit) touched.add(key);
      shard.revisit.clear();
    }
    const circumstances: Circumstances = {
      nowUs: batch.final ? batch.epochStartUs + batch.epochUs : lastTouchUs(batch),
      atEnd: false,
      answersVisible: answersVisible(shard, batch),
    };
    for (const key of touched)
      this.judgeSource(shard, key, circumstances, findings, progress, batch.final);
    if (batch.final) this.judgeTargets(shard, circumstances, findings);
    const suspects = batch.final ? this.suspects(shard, touched, batch) : [];
    return this.outcome(batch.shard, shard, findings, progress, suspects, false);
  }

  /** The input has ended: judges what was awaited, closes what is open. One outcome per shard. */
  end(): Outcome[] {
    return [...this.shards].map(([number, shard]) => {
      const findings: Finding[] = [];
      const progress: Activity[] = [];
      const circumstances: Circumstances = {
        nowUs: shard.watermarkUs,
        atEnd: true,
        answersVisible: shard.watermarkUs - shard.lastOutboundUs <= ANSWERS_SEEN_US,
      };
      for (const key of [...shard.revisit])
        this.judgeSource(shard, key, circumstances, findings, progress, true);
      for (const { log } of [...shard.sources.values(), ...shard.targets.values()]) {
        findings.push(...log.end(shard.watermarkUs));
      }
      return this.outcome(number, shard, findings, progress, [], true);
    });
  }

  private merge(shard: Shard, batch: Batch): Set<string> {
    const touched = new Set<string>();
    for (const observation of batch.sources) {
      const { tunnelKey, address } = observation;
      const key = entityKey(tunnelKey, address);
      this.source(shard, key, tunnelKey, address).window.merge(
        observation,
        batch.signatures,
        batch.epochStartUs,
      );
      touched.add(key);
    }
    const view = new DataView(
      batch.singles.buffer,
      batch.singles.byteOffset,
      batch.singles.byteLength,
    );
    for (let at = 0; at < batch.singles.length; at += SINGLE_SIZE) {
      const tunnelKey = view.getUint32(at, true);
      const v4 =
        view.getUint32(at + 4) === 0 &&
        view.getUint32(at + 8) === 0 &&
        view.getUint32(at + 12) === 0xffff;
      const address = batch.singles.subarray(v4 ? at + 16 : at + 4, at + 20);
      const key = entityKey(tunnelKey, address);
      const { window } = this.source(shard, key, tunnelKey, address);
      window.mergeSingle(batch.singles, at, batch.signatures, batch.epochStartUs);
      touched.add(key);
    }
    for (const observation of batch.targets) {
      const key = entityKey(observation.tunnelKey, observation.address);
      let tracked = shard.targets.get(key);
      if (tracked === undefined) {
        if (shard.targets.size >= this.targetsMax)
          this.evict(shard.targets, 'window_targets_evicted');
        const window = new TargetWindow(
          observation.tunnelKey,
          observation.address.slice(),
          this.horizonUs,
        );
        tracked = { window, log: new FindingLog() };
        shard.targets.set(key, tracked);
      }
      tracked.window.merge(observation, batch.epochStartUs, batch.epochUs);
    }
    return touched;
  }

  /** The source's window, made if need be; moves it to the young end of the eviction order. */
  private source(
    shard: Shard,
    key: string,
    tunnelKey: number,
    address: Uint8Array,
  ): Tracked<SourceWindow> {
    let tracked = shard.sources.get(key);
    if (tracked !== undefined) shard.sources.delete(key);
    else {
      if (shard.sources.size >= this.sourcesMax)
        this.evict(shard.sources, 'window_sources_evicted');
      tracked = {
        window: new SourceWindow(tunnelKey, address.slice(), this.horizonUs),
        log: new FindingLog(),
      };
    }
    shard.sources.set(key, tracked);
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

  private judgeSource(
    shard: Shard,
    key: string,
    circumstances: Circumstances,
    findings: Finding[],
    progress: Activity[],
    closing: boolean,
  ): void {
    const tracked = shard.sources.get(key);
    if (tracked === undefined) return;
    const { window, log } = tracked;
    const summaries = new Map<number, SourceSummary>();
    const summaryOf = (windowS: number): SourceSummary => {
      let summary = summaries.get(windowS);
      if (summary === undefined) {
        summary = summarize(window, windowS, circumstances.nowUs, circumstances.atEnd);
        summaries.set(windowS, summary);
      }
      return summary;
    };
    let awaited = false;
    const saidBefore = findings.length;
    for (const { detector, config, windowS } of this.sourceDetectors) {
      const concerned = detector.concerns(window, config);
      if (!concerned && !log.active) continue;
      const judgement = concerned
        ? detector.judge(summaryOf(windowS), window, config, circumstances)
        : NOTHING;
      // An undecided judgement must not end what an earlier one opened.
      if (judgement.undecided) awaited = true;
      if (judgement.undecided && judgement.verdicts.length === 0) continue;
      if (!closing && judgement.verdicts.length === 0) continue;
      const entity = entityName(window.tunnelKey, window.address);
      const activity = () => activityOf(window, summaryOf(windowS));
      findings.push(
        ...log.update(detector, windowS, entity, judgement.verdicts, circumstances.nowUs, activity),
      );
    }
    if (closing) {
      const { nowUs } = circumstances;
      for (const finding of findings.slice(saidBefore))
        this.memory.noteFast(key, finding.kind, nowUs);
      if (log.active) for (const kind of log.kinds()) this.memory.noteFast(key, kind, nowUs);
      if (this.memory.remember(key, window, circumstances)) awaited = true;
      const history = this.memory.of(key, nowUs);
      for (const { detector, config, windowS } of history === null ? [] : this.historyDetectors) {
        const { verdicts } = detector.judge(history as SourceHistory, config, circumstances);
        const entity = entityName(window.tunnelKey, window.address);
        findings.push(
          ...log.update(detector, windowS, entity, verdicts, nowUs, () =>
            activityOf(window, summaryOf(this.horizonUs / 1e6)),
          ),
        );
      }
    }
    if (log.active) {
      if (closing)
        progress.push(activityOf(window, summaryOf(this.sourceDetectors[0]?.windowS ?? 60)));
      awaited = true;
    }
    if (awaited) shard.revisit.add(key);
    this.losses.findings_suppressed += log.suppressed;
    log.suppressed = 0;
  }

  private judgeTargets(shard: Shard, circumstances: Circumstances, findings: Finding[]): void {
    for (const [key, { window, log }] of shard.targets) {
      const empty = window.expire(circumstances.nowUs);
      for (const { detector, config, windowS } of this.targetDetectors) {
        const { verdicts } = empty
          ? { verdicts: [] }
          : detector.judge(window, config, circumstances);
        const entity = entityName(window.tunnelKey, window.address);
        findings.push(
          ...log.update(detector, windowS, entity, verdicts, circumstances.nowUs, () => null),
        );
      }
      if (empty && !log.active) shard.targets.delete(key);
    }
  }

  /** Moves the watermark: the time up to which every sensor heard from has reported. */
  private advance(shard: Shard, batch: Batch): void {
    shard.watermarks.set(batch.sensor, batch.epochStartUs + batch.epochUs);
    shard.watermarkUs = Math.max(shard.watermarkUs, Math.min(...shard.watermarks.values()));
    shard.lastEpochUs = batch.epochUs;
    if (batch.coverage[CoverageField.outbound] > 0) shard.lastOutboundUs = batch.epochStartUs;
    if (shard.watermarkUs - shard.sweptUs < this.horizonUs / 4) return;
    shard.sweptUs = shard.watermarkUs;
    for (const [key, tracked] of shard.sources) {
      // What is awaited is judged first, however long no packet came.
      if (shard.revisit.has(key)) continue;
      if (tracked.window.expire(shard.watermarkUs) && !tracked.log.active)
        shard.sources.delete(key);
    }
  }

  /** What the correlator hears of the epoch's sources, in the order they came. */
  private suspects(shard: Shard, touched: ReadonlySet<string>, batch: Batch): Suspect[] {
    const suspects: Suspect[] = [];
    for (const key of touched) {
      const tracked = shard.sources.get(key);
      if (tracked === undefined) continue;
      const suspect = suspectOf(
        tracked.window,
        batch.epochStartUs,
        batch.epochStartUs + batch.epochUs,
      );
      if (suspect === null) continue;
      if (suspects.length < SUSPECTS_MAX) suspects.push(suspect);
      else this.losses.suspects_dropped++;
    }
    return suspects;
  }

  private outcome(
    number: number,
    shard: Shard,
    findings: Finding[],
    progress: Activity[],
    suspects: Suspect[],
    final: boolean,
  ): Outcome {
    const { watermarkUs } = shard;
    return {
      shard: number,
      watermarkUs,
      final,
      findings,
      progress,
      suspects,
      losses: { ...this.losses },
    };
  }
}

function answersVisible(shard: Shard, batch: Batch): boolean {
  return (
    batch.coverage[CoverageField.outbound] > 0 ||
    batch.epochStartUs - shard.lastOutboundUs <= ANSWERS_SEEN_US
  );
}

/** An early batch is judged at the packet that caused it. */
function lastTouchUs(batch: Batch): number {
  return batch.epochStartUs + Math.max(0, ...batch.sources.map((source) => source.lastUs)) + 1;
}

function decoded(bytes: Uint8Array): Batch {
  try {
    return decodeBatch(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new PicketError('batch-invalid', error.message, { cause: error });
  }
}

function entityKey(tunnelKey: number, address: Uint8Array): string {
  return (
    String.fromCharCode(tunnelKey >>> 16, tunnelKey & 0xffff) + latin1(address, 0, address.length)
  );
}
