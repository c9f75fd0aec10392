/**
 * What a detector is: an id, the entity it looks at, its configuration with defaults, and one pure
 * function from a window to verdicts. It keeps no state, reads no clock and does no I/O;
 * suppression, escalation and ids are the engine's.
 */
import type * as z from 'zod';
import type { Kind, Severity } from './finding.js';
import type { HistorySummary } from './history.js';
import type { SourceSummary } from './summary.js';
import type { TargetWindow } from './target-window.js';
import type { SourceWindow } from './window.js';

/** What holds now, for one entity. */
export interface Verdict {
  kind: Kind;
  /** The one target it is about (latin1 address bytes), or null. Part of the finding's identity. */
  target: string | null;
  /** For findings about a target: the source when there is only one, else null. */
  source: string | null;
  count: number;
  threshold: number;
  exact: boolean;
  /** 0 to 1, with what raised (`+`) and lowered (`-`) it. */
  confidence: number;
  reasons: string[];
  severity: Severity;
  /** Packet time, microseconds. */
  firstSeenUs: number;
  lastSeenUs: number;
  /** IP protocol number and probe name most probes used. */
  protocol: number;
  probe: string;
  evidence: Record<string, unknown>;
}

/** The circumstances of a judgement. */
export interface Circumstances {
  /** Packet time up to which everything is known, microseconds. */
  nowUs: number;
  /** No more packets will come: what is pending has failed. */
  atEnd: boolean;
  /** The protected side's answers pass the sensor: without them silence means nothing. */
  answersVisible: boolean;
}

/** Verdicts that hold, and whether some answer is still awaited that may change them. */
export interface Judgement {
  verdicts: Verdict[];
  undecided: boolean;
}

export const NOTHING: Judgement = { verdicts: [], undecided: false };

/**
 * A kind's section of docs/detectors.md beside its summary, settings and MITRE ids. Markdown, one
 * paragraph each; settings are named, not repeated with their values.
 */
export interface KindDoc {
  /** How it is decided: what counts and what does not, with every number that is no setting. */
  decided: string;
  /** What that rests on: papers, RFCs, sources of tools. */
  sources: readonly string[];
  /** How it can be wrong: what it is silent on, and what it takes for something it is not. */
  wrong: string;
}

interface DetectorBase<Config> {
  /** Name in the configuration: lower case, underscores. */
  id: string;
  title: string;
  /** What the kind means, in a sentence or two; describes the detector's section of settings. */
  summary: string;
  /** The rest of its section in docs/detectors.md. */
  doc: KindDoc;
  kinds: readonly Kind[];
  mitre: readonly string[];
  /** A zod object in which every field has a default and a description with its unit. */
  config: z.ZodType<Config>;
  /** The window it judges, seconds. */
  windowS(config: Config): number;
}

export interface SourceDetector<Config = unknown> extends DetectorBase<Config> {
  entity: 'source';
  /**
   * A cheap look at the window: false when there can be no verdict. Keeps the many quiet sources
   * cheap.
   */
  concerns(window: SourceWindow, config: Config): boolean;
  judge(
    summary: SourceSummary,
    window: SourceWindow,
    config: Config,
    circumstances: Circumstances,
  ): Judgement;
}

export interface TargetDetector<Config = unknown> extends DetectorBase<Config> {
  entity: 'target';
  judge(window: TargetWindow, config: Config, circumstances: Circumstances): Judgement;
}

/** A source's long memory, as a detector sees it. */
export interface SourceHistory {
  /**
   * Log-likelihood that the source is a scanner, by its contacts' outcomes (`SCANNER_AT` decides).
   */
  likelihood: number;
  /** Probes from a user-space stack, or with a tool's mark. */
  raw: boolean;
  /** Tries after the first, per failed contact. */
  repeatRatio: number;
  failedCount: number;
  summarize(horizonS: number): HistorySummary;
}

export interface HistoryDetector<Config = unknown> extends DetectorBase<Config> {
  entity: 'history';
  judge(history: SourceHistory, config: Config, circumstances: Circumstances): Judgement;
}

export type Detector<Config = unknown> =
  | SourceDetector<Config>
  | TargetDetector<Config>
  | HistoryDetector<Config>;

/** Declares a detector: checks nothing at run time, infers the configuration's type for `judge`. */
export function defineSourceDetector<Config>(
  detector: SourceDetector<Config>,
): SourceDetector<Config> {
  return detector;
}

export function defineHistoryDetector<Config>(
  detector: HistoryDetector<Config>,
): HistoryDetector<Config> {
  return detector;
}

export function defineTargetDetector<Config>(
  detector: TargetDetector<Config>,
): TargetDetector<Config> {
  return detector;
}
