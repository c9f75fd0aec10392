/** What the pipeline asks of an output. Events arrive in the order they are to be shown. */
import type { Finding, Incident } from '../../packages/plugin-api/src/finding.js';
import type { StatsSections } from './eve.js';

export interface Output {
  finding(finding: Finding): void;
  incident(incident: Incident): void;
  /** Cumulative counters of every room; `timeUs` is packet time. */
  stats(timeUs: number, sections: StatsSections): void;
  /**
   * Resolves when there is room for more: awaiting it slows the capture instead of filling memory.
   */
  ready(): Promise<void>;
  /** Everything said so far has been handed over, or counted as lost. */
  close(): Promise<void>;
  /** Cumulative; snake_case, for the `output` section of `stats`. */
  counters(): Record<string, number>;
}
