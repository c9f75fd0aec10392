/**
 * The judge of one shard: batches in, findings out. Epochs merge into windows by packet time;
 * each source that was touched, has something open or awaits an answer is judged when its epoch
 * closes. Synchronous and without I/O: what is said depends on the batches alone.
 */
import {
  type Activity,
  type Batch,
  type Circumstances,
  CoverageField,
  decodeBatch,
  type Finding,
  NOTHING,
  type SourceDetector,
  type SourceWindow,
  type Suspect,
  summarize,
  type Traffic,
} from '../../packages/plugin-api/src/index.js';
import { PicketError } from '../shared/errors.js';
import { activityOf, entityName } from './activity.js';
import { packShard, unpackShard } from './checkpoint.js';
import { coverageOf, isLossy, type Lapse, lapseOf } from './coverage.js';
import type { Configured, DetectorSet } from './detector-set.js';
import type { FindingLog } from './finding-log.js';
import type { DetectOptions } from './options.js';
import { type Merged, type ShardLimits, ShardState, type Tracked } from './shard-state.js';
import { suspectOf } from './suspects.js';
import { WindowView } from './window-view.js';

/** Same shape as the transport's `ShardOutcome`. */
export interface Outcome {
  shard: number;
  watermarkUs: number;
  final: boolean;
  findings: Finding[];
  progress: Activity[];
  suspects: Suspect[];
  traffic: Traffic | null;
  losses: Record<string, number>;
}

/** Sources of a shard and epoch that the correlator hears of; a flood's are folded before. */
const SUSPECTS_MAX = 512;

/** Of what a target did nobody speaks. */
const NONE = (): null => null;

export class ShardDetector {
  private readonly limits: ShardLimits;
  private readonly state: ShardState;
  private readonly shardCount: number;

  /**
   * Goes on from `snapshot`, when there is one.
   * @throws RangeError when the snapshot cannot be read, or was made with other window settings.
   */
  constructor(
    readonly shard: number,
    private readonly detectors: DetectorSet,
    options: DetectOptions,
    snapshot: Uint8Array | null = null,
  ) {
    const { shardCount } = options;
    this.shardCount = shardCount;
    const share = (total: number): number => Math.max(1, Math.floor(total / shardCount));
    this.limits = {
      sourcesMax: share(options.windowSourcesMax),
      targetsMax: share(options.windowTargetsMax),
      historySourcesMax: share(options.historySourcesMax),
      windowBytesMax: share(options.windowBytesMax),
      horizonUs: detectors.horizonUs,
      pauseUs: options.pauseUs,
      sensorSilentUs: options.sensorSilentUs,
    };
    this.state =
      snapshot === null
        ? new ShardState(this.limits.historySourcesMax)
        : unpackShard(snapshot, this.limits);
  }

  /**
   * Merges one batch and judges what it touches.
   * @throws PicketError `batch-invalid` when it cannot be decoded or is not ours; nothing is
   * changed then
   */
  accept(bytes: Uint8Array): Outcome {
    return this.judge(openBatch(bytes));
  }

  /** As `accept`, of a batch that has been decoded. */
  judge(batch: Batch): Outcome {
    const { state } = this;
    if (batch.shard !== this.shard)
      throw new PicketError('batch-invalid', `a batch of shard ${batch.shard}, which is not ours`);
    if (!state.isNews(batch)) return this.outcome([], [], []);
    const merged = state.merge(batch, this.limits);
    const { touched } = merged;
    const findings: Finding[] = [];
    const progress: Activity[] = [];
    if (batch.final) {
      state.advance(batch, this.limits);
      for (const key of state.revisit) touched.add(key);
      state.revisit.clear();
    }
    const circumstances: Circumstances = {
      nowUs: batch.final ? batch.epochStartUs + batch.epochUs : lastTouchUs(batch),
      atEnd: false,
      answersVisible:
        batch.coverage[CoverageField.outbound] > 0 || state.answersVisible(batch.epochStartUs),
    };
    for (const log of state.evicted.splice(0)) findings.push(...log.end(circumstances.nowUs, NONE));
    for (const key of touched)
      this.judgeSource(key, circumstances, findings, progress, batch.final);
    if (batch.final) this.judgeTargets(circumstances, findings);
    const suspects = batch.final ? this.suspects(touched, batch) : [];
    this.tellCoverage(findings, batch.final ? null : lapseOf(batch));
    state.relieve(this.limits, circumstances.nowUs);
    const outcome = this.outcome(findings, progress, suspects);
    return batch.final
      ? { ...outcome, traffic: this.traffic(batch, merged, circumstances) }
      : outcome;
  }

  /** The input has ended: judges what was awaited, closes what is open, and begins anew. */
  end(): Outcome {
    const { state } = this;
    const findings: Finding[] = [];
    const progress: Activity[] = [];
    const circumstances: Circumstances = {
      nowUs: state.watermarkUs,
      atEnd: true,
      answersVisible: state.answersVisible(state.watermarkUs),
    };
    for (const key of [...state.revisit])
      this.judgeSource(key, circumstances, findings, progress, true);
    const { nowUs } = circumstances;
    for (const { window, log } of state.sources.values()) {
      const lately = () =>
        activityOf(
          window,
          summarize(window, this.limits.horizonUs / 1e6, nowUs, true),
          circumstances,
        );
      findings.push(...log.end(nowUs, lately));
    }
    for (const { log } of state.targets.values()) findings.push(...log.end(nowUs, NONE));
    this.tellCoverage(findings, null);
    const outcome = this.outcome(findings, progress, []);
    state.reset(this.limits.historySourcesMax);
    return { ...outcome, final: true };
  }

  /** A sensor's input has ended for good; with the last sensor's the shard's ends. */
  endOf(sensor: string): Outcome {
    return this.state.leave(sensor) ? this.end() : this.outcome([], [], []);
  }

  /** A sensor pauses: the others' watermark waits for it no more. */
  leaveOf(sensor: string): Outcome {
    this.state.leave(sensor);
    return this.outcome([], [], []);
  }

  /** Everything `accept` depends on: a detector made from it goes on identically. */
  snapshot(): Uint8Array {
    return packShard(this.state, this.limits);
  }

  private judgeSource(
    key: string,
    circumstances: Circumstances,
    findings: Finding[],
    progress: Activity[],
    closing: boolean,
  ): void {
    const tracked = this.state.sources.get(key);
    if (tracked === undefined) return;
    const { window, log } = tracked;
    window.slide(circumstances.nowUs);
    const view = new WindowView(window, circumstances);
    const saidBefore = findings.length;
    let awaited = this.judgeWindow(tracked, view, findings, closing);
    if (closing) {
      this.noteFast(key, findings.slice(saidBefore), log, circumstances.nowUs);
      if (this.state.memory.remember(key, window, circumstances)) awaited = true;
      this.judgeHistory(key, tracked, view, findings);
    }
    const { sinceUs } = log;
    if (closing) window.noteFindings(sinceUs, circumstances.nowUs);
    if (log.active) {
      if (closing) {
        progress.push(view.activity(this.detectors.source[0]?.windowS ?? 60));
        // Nobody keeps what noise found.
        if (sinceUs !== null) window.finds?.forget();
      }
      awaited = true;
    }
    if (awaited) this.state.revisit.add(key);
    this.state.countSource(tracked);
  }

  /** What the detectors say of a window; true when an answer is awaited. */
  private judgeWindow(
    { window, log }: Tracked<SourceWindow>,
    view: WindowView,
    findings: Finding[],
    closing: boolean,
  ): boolean {
    const { circumstances } = view;
    const concerned = this.concernedWith(window);
    let awaited = false;
    for (const configured of log.active ? this.detectors.source : concerned) {
      const { detector, config, windowS } = configured;
      const judgement = concerned.includes(configured)
        ? detector.judge(view.summary(windowS), window, config, circumstances)
        : NOTHING;
      // An undecided judgement must not end what an earlier one opened.
      if (judgement.undecided) awaited = true;
      if (judgement.undecided && judgement.verdicts.length === 0) continue;
      if (!closing && judgement.verdicts.length === 0) continue;
      const entity = entityName(window.tunnelKey, window.address);
      const { nowUs } = circumstances;
      const activity = () => view.activity(windowS);
      const mayHold = window.isCutSince(nowUs - windowS * 1e6);
      findings.push(
        ...log.update(detector, windowS, entity, judgement.verdicts, nowUs, activity, mayHold),
      );
    }
    return awaited;
  }

  /** None, of most sources. */
  private concernedWith(window: SourceWindow): readonly Configured<SourceDetector>[] {
    return this.detectors.source.filter(({ detector, config }) =>
      detector.concerns(window, config),
    );
  }

  /** What the detectors of the long memory say of a source. */
  private judgeHistory(
    key: string,
    { window, log }: Tracked<SourceWindow>,
    view: WindowView,
    findings: Finding[],
  ): void {
    const { circumstances } = view;
    const history = this.state.memory.of(key, circumstances.nowUs);
    if (history === null) return;
    for (const { detector, config, windowS } of this.detectors.history) {
      const { verdicts } = detector.judge(history, config, circumstances);
      const entity = entityName(window.tunnelKey, window.address);
      const activity = () => view.activity(this.limits.horizonUs / 1e6);
      findings.push(
        ...log.update(detector, windowS, entity, verdicts, circumstances.nowUs, activity),
      );
    }
  }

  /** Tells the long memory which faster detectors have the source. */
  private noteFast(key: string, said: readonly Finding[], log: FindingLog, nowUs: number): void {
    const { memory } = this.state;
    for (const { kind } of said) memory.noteFast(key, kind, nowUs);
    if (log.active) for (const kind of log.kinds()) memory.noteFast(key, kind, nowUs);
  }

  private judgeTargets(circumstances: Circumstances, findings: Finding[]): void {
    for (const [key, tracked] of this.state.targets) {
      const { window, log } = tracked;
      const empty = window.expire(circumstances.nowUs);
      for (const { detector, config, windowS } of this.detectors.target) {
        const { verdicts } = empty
          ? { verdicts: [] }
          : detector.judge(window, config, circumstances);
        const entity = entityName(window.tunnelKey, window.address);
        findings.push(
          ...log.update(detector, windowS, entity, verdicts, circumstances.nowUs, NONE),
        );
      }
      if (empty && !log.active) this.state.remove(this.state.targets, key);
      else this.state.count(tracked);
    }
  }

  /** A finding from a time in which not everything was looked at says so. */
  private tellCoverage(findings: Finding[], current: Lapse | null): void {
    const { lapses } = this.state;
    if (lapses.length === 0 && current === null) return;
    for (const [at, finding] of findings.entries()) {
      const { firstSeenUs, judgedUs, windowS } = finding;
      const sinceUs = Math.min(firstSeenUs, judgedUs - windowS * 1e6);
      const coverage = coverageOf(lapses, current, sinceUs, judgedUs);
      if (coverage !== null && (finding.source !== null || isLossy(coverage)))
        findings[at] = { ...finding, coverage };
    }
  }

  /** What the correlator hears of the epoch's sources, in the order they came. */
  private suspects(touched: ReadonlySet<string>, batch: Batch): Suspect[] {
    const suspects: Suspect[] = [];
    for (const key of touched) {
      const tracked = this.state.sources.get(key);
      if (tracked === undefined) continue;
      const suspect = suspectOf(
        tracked.window,
        batch.epochStartUs,
        batch.epochStartUs + batch.epochUs,
      );
      if (suspect === null) continue;
      if (suspects.length < SUSPECTS_MAX) suspects.push(suspect);
      else this.state.losses.suspects_dropped++;
    }
    return suspects;
  }

  /** What came in the epoch of a final batch. */
  private traffic(
    { epochStartUs, coverage }: Batch,
    { syns, connected }: Merged,
    { nowUs, answersVisible }: Circumstances,
  ): Traffic | null {
    if (syns === 0 && connected === 0) return null;
    // Whole numbers: a sum of them is the same in any order.
    const inbound = Math.floor(coverage[CoverageField.inbound] / this.shardCount);
    return { epochStartUs, judgedUs: nowUs, syns, connected, inbound, answersVisible };
  }

  private outcome(findings: Finding[], progress: Activity[], suspects: Suspect[]): Outcome {
    const { watermarkUs, losses } = this.state;
    return {
      shard: this.shard,
      watermarkUs,
      final: false,
      findings,
      progress,
      suspects,
      traffic: null,
      losses: { ...losses },
    };
  }
}

/** An early batch is judged at the packet that caused it. */
function lastTouchUs(batch: Batch): number {
  return batch.epochStartUs + Math.max(0, ...batch.sources.map((source) => source.lastUs)) + 1;
}

/** @throws PicketError `batch-invalid`. */
export function openBatch(bytes: Uint8Array): Batch {
  try {
    return decodeBatch(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new PicketError('batch-invalid', error.message, { cause: error });
  }
}
