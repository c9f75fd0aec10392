/** One judgement's look at a window: what it says over any number of seconds, each made once. */
import {
  type Activity,
  type Circumstances,
  type SourceSummary,
  type SourceWindow,
  summarize,
} from '../../packages/plugin-api/src/index.js';
import { activityOf } from './activity.js';

export class WindowView {
  private readonly summaries: SourceSummary[] = [];
  private readonly activities: { contacts: SourceSummary['contacts']; activity: Activity }[] = [];

  constructor(
    readonly window: SourceWindow,
    readonly circumstances: Circumstances,
  ) {}

  /** The last `windowS` seconds; no two summaries that say the same are made. */
  summary(windowS: number): SourceSummary {
    const known = this.summaries.find((one) => one.windowS === windowS);
    if (known !== undefined) return known;
    const { nowUs, atEnd } = this.circumstances;
    const shorter = this.summaries.find((one) => one.isWhole && one.windowS < windowS);
    const summary = shorter
      ? { ...shorter, windowS, sinceUs: nowUs - windowS * 1e6 }
      : summarize(this.window, windowS, nowUs, atEnd);
    this.summaries.push(summary);
    return summary;
  }

  /**
   * What the source did in that time. Who scans a block has a finding for each of its hosts, and
   * all of them share one.
   */
  activity(windowS: number): Activity {
    const summary = this.summary(windowS);
    const { contacts } = summary;
    const known = this.activities.find((one) => one.contacts === contacts);
    if (known !== undefined) return known.activity;
    const activity = activityOf(this.window, summary, this.circumstances);
    this.activities.push({ contacts, activity });
    return activity;
  }
}
