/** One incident of the report: who, when, how, with what, where, what they learned, what to do. */
import type { Incident } from '../../packages/plugin-api/src/finding.js';
import { coverTargets } from '../shared/cover.js';
import { formatCount, plural, safeText } from '../shared/text.js';
import { formatDateTime, formatDuration } from '../shared/time.js';
import type { Page } from './page.js';
import { actorsText, deedText, percent, portsText, SEVERITY_WORDS, toolsText } from './words.js';

const TARGETS_TOLD_MAX = 4;
/** A sweep leaves out the first and last address, and itself. */
const WHOLE_SHARE_MIN = 0.9;
const EXPOSED_HOSTS_TOLD_MAX = 10;
const EXPOSED_PORTS_TOLD_MAX = 12;
const REASONS_TOLD_MAX = 8;

/** `number` is its place in the report, from 1. */
export function writeIncident(page: Page, incident: Incident, number: number): void {
  const { bold, red, yellow, green } = page.colors;
  const paint = incident.severity === 1 ? red : incident.severity === 2 ? yellow : bold;
  const word = SEVERITY_WORDS[incident.severity];
  const headline = `${number}. ${word}: ${actorsText(incident)} ${deedText(incident)}`;
  page.text(headline, '', (line) => bold(paint(line)));
  page.field('When', whenText(incident));
  page.field(
    'How',
    `${incident.phases.join(', then ').replaceAll('_', ' ')} (${incident.kinds.join(', ')})`,
  );
  page.field('Tool', toolsText(incident.tools) || 'unknown');
  writeScope(page, incident);
  writeExposed(page, incident);
  if (incident.recipe) {
    page.field(
      'Command',
      `${safeText(incident.recipe.command, 400)} (a guess, ${percent(incident.recipe.confidence)})`,
    );
  }
  page.field('Confidence', percent(incident.confidence), bold);
  for (const reason of incident.reasons.slice(0, REASONS_TOLD_MAX)) {
    page.field('', safeText(reason), reason.startsWith('-') ? yellow : green);
  }
  page.field('Do next', nextText(incident));
  page.field('Id', incident.id, page.colors.dim);
}

function whenText({ firstSeenUs, lastSeenUs, state }: Incident): string {
  const duration = formatDuration(lastSeenUs - firstSeenUs);
  const end = state === 'closed' ? '' : ', still going on';
  return `${formatDateTime(firstSeenUs)}, for ${duration}${end}`;
}

function writeScope(page: Page, { scope }: Incident): void {
  const least = scope.exact ? '' : 'at least ';
  const pairs =
    scope.pairs > Math.max(scope.hosts, scope.ports)
      ? `, ${plural(scope.pairs, 'combination')}`
      : '';
  page.field(
    'Reached',
    `${least}${plural(scope.hosts, 'host')}, ${plural(scope.ports, 'port')}${pairs}`,
  );
  if (scope.targets.length > 0) page.field('Hosts', hostsText(scope));
  if (scope.topPorts.length > 0) page.field('Ports', portsText(scope.topPorts, scope.ports));
}

/**
 * The network when all its hosts are known and most of it was touched, else the first few hosts.
 */
function hostsText({ targets, hosts }: Incident['scope']): string {
  const cover = coverTargets(targets);
  const isShort = hosts > TARGETS_TOLD_MAX && hosts === targets.length;
  if (!isShort || cover.parts.length === 0) return targetsText(targets, hosts);
  const whole = cover.share >= WHOLE_SHARE_MIN;
  return `${cover.parts.join(', ')}${whole ? '' : ` (${percent(cover.share)} of it)`}`;
}

function targetsText(targets: string[], count: number): string {
  const listed = targets.slice(0, TARGETS_TOLD_MAX).map((target) => safeText(target));
  const more = count - listed.length;
  return `${listed.join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
}

function writeExposed(page: Page, { exposed }: Incident): void {
  if (exposed.length === 0) {
    page.field('Found open', 'nothing that was seen to answer');
    return;
  }
  const byHost = new Map<string, Incident['exposed']>();
  for (const service of exposed)
    byHost.set(service.ip, [...(byHost.get(service.ip) ?? []), service]);
  const paint = (line: string): string => page.colors.bold(page.colors.red(line));
  page.field(
    'Found open',
    `${plural(exposed.length, 'service')} on ${plural(byHost.size, 'host')}`,
    paint,
  );
  for (const [ip, services] of [...byHost].slice(0, EXPOSED_HOSTS_TOLD_MAX)) {
    page.field(
      '',
      `${safeText(ip)}  ${portsText(services, services.length, EXPOSED_PORTS_TOLD_MAX)}`,
    );
  }
  const more = byHost.size - EXPOSED_HOSTS_TOLD_MAX;
  if (more > 0) page.field('', `... and ${plural(more, 'further host')}`);
}

/** One or two sentences an analyst can act on. */
function nextText(incident: Incident): string {
  const who = actorsText(incident);
  const hosts = [...new Set(incident.exposed.map(({ ip }) => ip))];
  if (hosts.length === 0) {
    return (
      `Nothing was seen to answer ${who}, so no host needs care now. ` +
      'Watch for its return, and block it if it is no test of yours.'
    );
  }
  const named = targetsText(hosts, hosts.length);
  return (
    `${who} knows that these services are open: check them on ${named} first, and search ` +
    'their logs for it from the time above on. Block it if it is no test of yours.'
  );
}
