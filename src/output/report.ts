/**
 * The report at the end of a run, for a SOC analyst with ten seconds: what was found, in order of
 * severity; what only looked like it; and what could not be seen.
 */
import type { Finding, Incident } from '../../packages/plugin-api/src/finding.js';
import { compareText, formatCount, plural, safeText } from '../shared/text.js';
import { formatClock, formatDateTime, formatDuration } from '../shared/time.js';
import type { StatsSections } from './eve.js';
import { lossesOf, lossText } from './losses.js';
import { Page, type PageOptions } from './page.js';
import { writeIncident } from './report-incident.js';
import { countText, targetText } from './words.js';

export interface ReportSummary {
  /** File names or an interface, as given. */
  inputs: string[];
  homeNets: string[];
  /** Packet times of the first and last packet; null when there was none. */
  firstUs: number | null;
  lastUs: number | null;
  /** Distinct sources, when known. */
  sources: number | null;
  /** The counters of the last `stats` event. */
  sections: StatsSections;
  damages: Damage[];
  /** Said when the native observer could not be used, and why. */
  note?: string;
}

/** A file that ended badly; `offset` in bytes of the uncompressed file. */
export interface Damage {
  path: string;
  offset: number;
  reason: string;
}

/** Kept for the report; what is beyond is counted, and was printed live or as JSON. */
const INCIDENTS_MAX = 1000;
const NOISE_MAX = 1000;
/** Told in full; more than these nobody reads. */
const INCIDENTS_TOLD_MAX = 20;
const NOISE_TOLD_MAX = 8;
const DAMAGES_TOLD_MAX = 5;

/** Nobody counts them: the kernel does not tell what a filter leaves. */
const RELIEF =
  'Left in the kernel, as capture.relief says: full segments of TCP connections, and ' +
  'acknowledgements of the protected networks. No figure counts them.';

const FILTER = 'Left out, as capture.filter says. No figure counts it.';

export class Report {
  readonly #incidents = new Map<string, Incident>();
  readonly #noise = new Map<string, Finding>();
  #untold = 0;
  #noiseUntold = 0;

  /** The latest event of an incident replaces the earlier ones. */
  incident(incident: Incident): void {
    if (!this.#incidents.has(incident.id) && this.#incidents.size >= INCIDENTS_MAX) {
      if (incident.state === 'opened') this.#untold++;
      return;
    }
    this.#incidents.set(incident.id, incident);
  }

  /** Only the noise kinds are told one by one; the others are part of an incident. */
  finding(finding: Finding): void {
    if (finding.phase !== 'noise') return;
    const { kind, source, target, id } = finding;
    const key = `${kind} ${source?.ip ?? target?.ip ?? id}`;
    const known = this.#noise.get(key);
    if (!known && this.#noise.size >= NOISE_MAX) {
      if (finding.state === 'started') this.#noiseUntold++;
      return;
    }
    if (!known || finding.count >= known.count) this.#noise.set(key, finding);
  }

  render(summary: ReportSummary, options: PageOptions): string {
    const page = new Page(options);
    const incidents = [...this.#incidents.values()].sort(compareIncidents);
    writeHead(page, summary);
    writeVerdict(page, incidents, this.#untold, summary);
    incidents.slice(0, INCIDENTS_TOLD_MAX).forEach((incident, index) => {
      page.line();
      writeIncident(page, incident, index + 1);
    });
    const more = incidents.length + this.#untold - INCIDENTS_TOLD_MAX;
    if (more > 0) {
      page.line();
      page.text(`... and ${plural(more, 'further incident')}, less severe. All of them: --json`);
    }
    writeNoise(page, [...this.#noise.values()], this.#noiseUntold);
    writeCoverage(page, summary);
    return page.toString();
  }
}

function writeHead(page: Page, { inputs, homeNets, firstUs, lastUs, note }: ReportSummary): void {
  page.line(page.colors.bold('Picket'));
  page.field('Read', inputs.map((input) => safeText(input)).join(', '));
  if (firstUs !== null && lastUs !== null) {
    page.field('Time', `${formatDateTime(firstUs)}, for ${formatDuration(lastUs - firstUs)}`);
  }
  page.field('Protected', homeNets.map((net) => safeText(net)).join(', ') || 'no networks named');
  if (note !== undefined) page.field('Note', safeText(note, 500));
  page.line();
}

function writeVerdict(
  page: Page,
  incidents: Incident[],
  untold: number,
  summary: ReportSummary,
): void {
  const { bold, red, green, yellow } = page.colors;
  const count = incidents.length + untold;
  if (count > 0) {
    const worst = incidents[0].severity;
    const paint = worst === 1 ? red : yellow;
    page.line(bold(paint(count === 1 ? '1 SCAN FOUND' : `${formatCount(count)} SCANS FOUND`)));
    return;
  }
  const lost = lossesOf(summary.sections).length > 0 || summary.damages.length > 0;
  page.line(bold(lost ? yellow('No scan found in what could be seen') : green('No scan found')));
  const all = leavesOut(summary.sections) ? 'all but what stayed in the kernel' : 'everything';
  const coverage = lost ? 'what was missed is listed below.' : `${all} was looked at.`;
  page.text(`${seenText(summary)}; ${coverage}`, '  ');
}

function seenText({ sections, sources }: ReportSummary): string {
  const packets = plural(sections.capture?.frames ?? 0, 'packet');
  return sources === null ? packets : `${packets}, ${plural(sources, 'source')}`;
}

function writeNoise(page: Page, noise: Finding[], untold: number): void {
  if (noise.length === 0) return;
  page.line();
  page.line(page.colors.bold('Not scans'));
  const ordered = noise.sort(
    (left, right) => left.firstSeenUs - right.firstSeenUs || compareText(left.id, right.id),
  );
  for (const finding of ordered.slice(0, NOISE_TOLD_MAX)) page.text(noiseText(finding), '  ');
  const more = ordered.length + untold - NOISE_TOLD_MAX;
  if (more > 0) page.text(`... and ${formatCount(more)} more. All of them: --json`, '  ');
}

/** One line of 80 columns for IPv4. */
function noiseText(finding: Finding): string {
  const when = formatClock(finding.firstSeenUs);
  const { source } = finding;
  const about = source ? safeText(source.ip) : targetText(finding) || 'many addresses';
  const much = countText(finding);
  if (finding.kind === 'syn_flood')
    return `${when}  SYN flood    ${about}, ${much}, ${floodersText(finding)}`;
  if (finding.kind === 'backscatter')
    return `${when}  backscatter  ${about}, ${much}, ${backscatterText(finding)}`;
  return `${when}  busy source  ${about}, ${much}, connections complete`;
}

/** Who is attacked: what answers over UDP is abused to attack us. */
function backscatterText({ probe }: Finding): string {
  return probe === 'udp_answer' ? 'nobody asked for' : 'attacked elsewhere';
}

/** Where a flood comes from. Sources that are hardly seen twice are made up. */
function floodersText({ source, target, count, evidence }: Finding): string {
  if (source !== null) return `at ${safeText(target?.ip ?? 'many addresses')}`;
  const { sources } = evidence;
  const isMadeUp = typeof sources !== 'number' || sources >= count / 2;
  return isMadeUp ? 'spoofed' : `from ${formatCount(sources)} sources`;
}

function writeCoverage(page: Page, { sections, damages }: ReportSummary): void {
  const { bold, yellow, dim } = page.colors;
  const warn = (text: string): void => page.text(text, '  ', yellow);
  const losses = lossesOf(sections);
  page.line();
  page.line(bold('What was not seen'));
  const { frames = 0, inbound = 0, outbound = 0 } = sections.capture ?? {};
  if (frames > 0 && inbound + outbound === 0) {
    warn('No packet came from or went to the protected networks: are they right (--home)?');
  } else if (inbound > 0 && outbound === 0) {
    warn('No answer of the protected networks was captured: what is open cannot be told.');
  }
  for (const loss of losses) warn(lossText(loss));
  for (const { path, offset, reason } of damages.slice(0, DAMAGES_TOLD_MAX)) {
    const where = `${safeText(path)} is damaged at byte ${formatCount(offset)}`;
    warn(`${where}: ${safeText(reason)}. What came before was read.`);
  }
  const more = damages.length - DAMAGES_TOLD_MAX;
  if (more > 0) warn(`... and ${plural(more, 'further damaged file')}`);
  const { capture_filter: filter = 0, capture_relief: relief = 0 } = sections.capture ?? {};
  if (filter > 0) page.text(FILTER, '  ');
  if (relief > 0) page.text(RELIEF, '  ');
  if (losses.length === 0 && damages.length === 0) {
    const all = leavesOut(sections) ? 'every other packet' : 'every packet';
    page.text(`Nothing was lost: ${all} was looked at.`, '  ', dim);
  }
}

/** Wanted, so no loss: but nobody may take the figures for the link's. */
function leavesOut({ capture }: StatsSections): boolean {
  return (capture?.capture_filter ?? 0) + (capture?.capture_relief ?? 0) > 0;
}

/** Most severe first, then the surest, then the earliest. */
function compareIncidents(left: Incident, right: Incident): number {
  return (
    left.severity - right.severity ||
    right.confidence - left.confidence ||
    left.firstSeenUs - right.firstSeenUs ||
    compareText(left.id, right.id)
  );
}
