/** What was not looked at, in words: "no scan found" means little without it. */
import { formatCount } from '../shared/text.js';
import type { StatsSections } from './eve.js';

export interface Loss {
  count: number;
  /** `packets were cut short: their ports may be missing`, to follow the count. */
  text: string;
}

/** Section, counter (or a prefix ending in a dot) and what its count means. Most telling first. */
const MEANINGS: [section: string, counter: string, text: string][] = [
  [
    'capture',
    'dropped',
    'packets were dropped by the kernel or the interface before Picket saw them',
  ],
  ['capture', 'capture_losses_unknown', 'capture cannot tell how many packets it lost'],
  ['capture', 'batches_dropped', 'batches of observations were dropped before they were judged'],
  ['capture', 'truncated', 'packets were cut short by the capture: their ports may be missing'],
  ['capture', 'sources_refused', 'times a source found no room in the tables: it was not counted'],
  ['capture', 'targets_refused', 'times a target found no room: floods of it may be missed'],
  [
    'capture',
    'hosts_refused',
    'times a protected host found no room: its answers were not followed',
  ],
  ['capture', 'contacts_refused', 'contacts found no room: their outcomes are unknown'],
  ['capture', 'sketches_refused', 'large sets found no room: their counts are too low'],
  ['capture', 'signatures_refused', 'SYN fingerprints found no room: tools may go unnamed'],
  ['capture', 'singles_dropped', 'one-packet sources were not listed one by one'],
  ['capture', 'flows_evicted', 'connections were forgotten early: their outcomes may be wrong'],
  [
    'capture',
    'pending_udp_evicted',
    'UDP questions were forgotten early: their answers look unasked',
  ],
  ['capture', 'finds_refused', 'open services found no room: what was learned is told in part'],
  ['capture', 'payload_hits_refused', 'known payloads found no room: version scans may be missed'],
  ['capture', 'payload_samples_refused', 'payload samples found no room'],
  ['capture', 'anomaly.fragment_table_full', 'fragments found no room: their probes may be missed'],
  ['transport', 'rejected.', 'batches could not be judged'],
  ['detect', 'window_sources_evicted', 'sources were forgotten early: slow scans may be missed'],
  ['detect', 'window_targets_evicted', 'targets were forgotten early: floods may be missed'],
  ['detect', 'windows_shrunk', 'times a source had no room for detail: its counts are "at least"'],
  [
    'detect',
    'window_payloads_dropped',
    'known payloads were forgotten: version scans may be missed',
  ],
  ['detect', 'finds_dropped', 'open services found no room: what was learned is told in part'],
  ['detect', 'suspects_dropped', 'sources were not compared with others: decoys may be missed'],
  ['correlate', 'links_refused', 'probes were not compared with others: decoys may be missed'],
  [
    'correlate',
    'incidents_refused',
    'findings found no room for an incident; they were printed alone',
  ],
  [
    'correlate',
    'scope_members_refused',
    'hosts, ports or services of large incidents were not listed',
  ],
  ['output', 'lines_failed', 'events could not be written'],
];

/** Empty when nothing was lost. */
export function lossesOf(sections: StatsSections): Loss[] {
  return MEANINGS.map(([section, counter, text]) => {
    const counters = Object.entries(sections[section] ?? {});
    const own = counters.filter(([name]) => matches(name, counter));
    return { count: own.reduce((sum, [, count]) => sum + count, 0), text };
  }).filter(({ count }) => count > 0);
}

/** What a loss counter counts, as a clause; null for no loss. `rejected` is all of its kind. */
export function meaningOf(section: string, counter: string): string | null {
  const found = MEANINGS.find(
    ([of, name]) => of === section && (name === counter || name === `${counter}.`),
  );
  return found?.[2] ?? null;
}

export function lossText({ count, text }: Loss): string {
  return `${formatCount(count)} ${text}`;
}

function matches(name: string, counter: string): boolean {
  return name === counter || (counter.endsWith('.') && name.startsWith(counter));
}
