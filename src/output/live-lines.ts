/** One line per event, for people watching `picket run`. Idle looks calm; a scan stands out. */
import picocolors from 'picocolors';
import type { Finding, Incident } from '../../packages/plugin-api/src/finding.js';
import { formatCount, plural, safeText } from '../shared/text.js';
import { formatClock, formatDuration } from '../shared/time.js';
import type { Operational } from './contract.js';
import type { StatsSections } from './eve.js';
import { lossesOf } from './losses.js';
import type { Colors } from './page.js';
import {
  actorsText,
  countText,
  deedText,
  percent,
  reachText,
  portsText,
  SEVERITY_WORDS,
  targetText,
  toolsText,
} from './words.js';

const WORD_WIDTH = 8;

export class LiveLines {
  readonly #colors: Colors;
  #lossesTold = 0;
  #framesTold = 0;

  /** `color` only for a terminal. */
  constructor(color: boolean) {
    this.#colors = picocolors.createColors(color);
  }

  finding(finding: Finding): string {
    const { dim, yellow, bold } = this.#colors;
    const noise = finding.phase === 'noise';
    const ended = finding.state === 'ended';
    const word = noise ? 'noise' : ended ? 'ended' : 'SCAN';
    const who = safeText(finding.source?.ip ?? 'many sources');
    const target = targetText(finding);
    const tools = toolsText(finding.activity?.tools ?? [], 2);
    const lost = finding.coverage?.dropped ?? 0;
    const gaps = lost > 0 ? `${plural(lost, 'packet')} lost meanwhile` : '';
    const what = `${finding.kind}  ${who}${target && ` -> ${target}`}`;
    const text = [what, countText(finding), portsOf(finding), tools, gaps]
      .filter(Boolean)
      .join(', ');
    return this.#line(
      finding.judgedUs,
      word,
      text,
      noise || ended ? dim : (line) => bold(yellow(line)),
    );
  }

  incident(incident: Incident): string {
    const { dim, red, yellow, bold } = this.#colors;
    const severity = SEVERITY_WORDS[incident.severity];
    const { scope, exposedScope } = incident;
    const least = exposedScope.complete ? '' : 'at least ';
    const found = plural(exposedScope.services, 'service');
    const text = [
      `${incident.state} ${severity.toLowerCase()}: ${actorsText(incident)} ${deedText(incident)}`,
      reachText(scope),
      exposedScope.services > 0 ? `${least}${found} found open` : '',
      toolsText(incident.tools, 2),
      `${percent(incident.confidence)} sure`,
      incident.state === 'closed'
        ? `after ${formatDuration(incident.lastSeenUs - incident.firstSeenUs)}`
        : '',
    ]
      .filter(Boolean)
      .join('; ');
    const paint = incident.state === 'closed' ? dim : incident.severity === 1 ? red : yellow;
    return this.#line(incident.judgedUs, 'INCIDENT', text, (line) => bold(paint(line)));
  }

  operational(event: Operational): string {
    const { bold, red, dim } = this.#colors;
    const isOver = event.state === 'ended';
    const paint = isOver ? dim : (line: string) => bold(red(line));
    return this.#line(event.timeUs, isOver ? 'over' : 'LOSS', operationalText(event), paint);
  }

  /** What went by since the last status; losses are told when they grew. */
  status(timeUs: number, sections: StatsSections): string {
    const { dim, yellow } = this.#colors;
    const frames = sections.capture?.frames ?? 0;
    const lost = lossesOf(sections).reduce((sum, { count }) => sum + count, 0);
    const open = sections.correlate?.incidents_open ?? 0;
    const lostNow = lost - this.#lossesTold;
    const text = [
      // A correlator of a fleet sees no packets; it must not say there were none.
      sections.capture ? plural(frames - this.#framesTold, 'packet') : '',
      open > 0 ? plural(open, 'open incident') : 'no scan',
      lostNow > 0 ? `${plural(lostNow, 'loss', 'losses')}, see stats` : '',
    ]
      .filter(Boolean)
      .join(', ');
    this.#framesTold = frames;
    this.#lossesTold = lost;
    const word = lostNow > 0 ? 'loss' : open > 0 ? 'scan' : 'quiet';
    return this.#line(timeUs, word, text, word === 'quiet' ? dim : yellow);
  }

  #line(timeUs: number, word: string, text: string, paint: (text: string) => string): string {
    const time = this.#colors.dim(formatClock(timeUs));
    return `${time}  ${paint(`${word.padEnd(WORD_WIDTH)}  ${text}`)}`;
  }
}

/** For people, without whose capture it is. */
export function operationalText(event: Omit<Operational, 'timeUs'>): string {
  const lost = event.kernelDropped + event.interfaceDropped;
  const counts = `${formatCount(lost)} of ${plural(event.seen + lost, 'packet')}`;
  const share = `${event.lostPercent} %`;
  const lasted = formatDuration(event.durationMs * 1000);
  return event.state === 'started'
    ? `packets keep being lost: ${counts} (${share}) in ${lasted}; scans may be missed`
    : `packets are no longer lost: ${counts} (${share}) were, in ${lasted}`;
}

function portsOf({ activity, kind }: Finding): string {
  if (!activity || activity.portCount === 0 || kind === 'port_scan') return '';
  const ports = [...activity.ports].sort(
    (left, right) => right.hits - left.hits || left.port - right.port,
  );
  return portsText(ports, activity.portCount, 3);
}
