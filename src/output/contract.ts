/** What the pipeline asks of an output. Events arrive in the order they are to be shown. */
import type { Finding, Incident } from '../../packages/plugin-api/src/finding.js';
import type { StatsSections } from './eve.js';

/** Something about Picket itself that somebody should look at: packets keep being lost. */
export interface Operational {
  kind: 'capture_loss';
  state: 'started' | 'ended';
  /** Whose capture. */
  sensor: string;
  /** Packet time, like every other event's. */
  timeUs: number;
  /** How long it has lasted, and what was seen and lost meanwhile. */
  durationMs: number;
  seen: number;
  kernelDropped: number;
  interfaceDropped: number;
  lostPercent: number;
  thresholdPercent: number;
}

export interface Output {
  finding(finding: Finding): void;
  incident(incident: Incident): void;
  operational(event: Operational): void;
  /** Cumulative counters of every room; `timeUs` is packet time. */
  stats(timeUs: number, sections: StatsSections): void;
  /**
   * Resolves when there is room for more: awaiting it slows the capture instead of filling memory.
   */
  ready(): Promise<void>;
  /** Everything said so far has been handed over, or counted as lost. */
  flush(): Promise<void>;
  /** As `flush`, once and for all. */
  close(): Promise<void>;
  /** Cumulative; snake_case, for the `output` section of `stats`. */
  counters(): Record<string, number>;
}
