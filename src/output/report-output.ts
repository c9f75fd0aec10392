/** Collects what the report at the end tells; prints nothing itself. */
import type { Finding, Incident } from '../../packages/plugin-api/src/finding.js';
import type { Output } from './contract.js';
import type { StatsSections } from './eve.js';
import type { PageOptions } from './page.js';
import { Report, type ReportSummary } from './report.js';

export class ReportOutput implements Output {
  readonly #report = new Report();
  #sections: StatsSections = {};

  finding(finding: Finding): void {
    this.#report.finding(finding);
  }

  incident(incident: Incident): void {
    this.#report.incident(incident);
  }

  operational(): void {}

  stats(_timeUs: number, sections: StatsSections): void {
    this.#sections = sections;
  }

  async ready(): Promise<void> {}

  async flush(): Promise<void> {}

  async close(): Promise<void> {}

  counters(): Record<string, number> {
    return {};
  }

  /** The report, from everything heard so far. */
  render(summary: Omit<ReportSummary, 'sections'>, options: PageOptions): string {
    return this.#report.render({ ...summary, sections: this.#sections }, options);
  }
}
