/** One incident of the report: who, when, how, with what, where, what they learned, what to do. */
import type { Incident } from '../../packages/plugin-api/src/finding.js';
import { formatCount, plural, safeText } from '../shared/text.js';
import { formatDateTime, formatDuration } from '../shared/time.js';
import type { Page } from './page.js';
import {
  actorsText,
  deedText,
  percent,
  portsText,
  reachText,
  SEVERITY_WORDS,
  toolsText,
} from './words.js';

const HOSTS_TOLD_MAX = 4;
const EXPOSED_HOSTS_TOLD_MAX = 6;
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
  const { hosts, ports, pairs, exact, targets, topPorts } = scope;
  const about = exact ? '' : 'about ';
  const pairsText =
    pairs > Math.max(hosts, ports) ? `, ${about}${plural(pairs, 'combination')}` : '';
  page.field('Reached', `${reachText(scope)}${pairsText}`);
  if (targets.length > 0) page.field('Hosts', targetsText(scope));
  if (scope.studied.length > 0 && hosts > 1) page.field('Studied', listText(scope.studied));
  if (topPorts.length > 0) page.field('Ports', portsText(topPorts, ports));
}

/** The networks when they say it better than a few hosts. */
function targetsText({ targets, networks, hosts }: Incident['scope']): string {
  const sayNetworks = hosts > HOSTS_TOLD_MAX && networks.length > 0;
  return sayNetworks ? networks.map((network) => safeText(network)).join(', ') : listText(targets);
}

/** The first few hosts, and how many more there are of `count`. */
function listText(hosts: string[], count = hosts.length): string {
  const listed = hosts.slice(0, HOSTS_TOLD_MAX).map((host) => safeText(host));
  const more = count - listed.length;
  return `${listed.join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
}

function writeExposed(page: Page, { exposed, exposedScope }: Incident): void {
  if (exposed.length === 0) {
    page.field('Found open', 'nothing that was seen to answer');
    return;
  }
  const byHost = grouped(exposed, ({ ip }) => ip);
  const byPort = grouped(exposed, ({ port, proto }) => `${port}/${proto}`);
  const paint = (line: string): string => page.colors.bold(page.colors.red(line));
  const { services, hosts, complete } = exposedScope;
  const least = complete ? '' : 'at least ';
  const sum = `${least}${plural(services, 'service')} on ${plural(hosts, 'host')}`;
  const more = hosts - EXPOSED_HOSTS_TOLD_MAX;
  const isAll = exposed.length === services;
  const ports = isAll ? exposedPortsText(byPort) : `among them ${exposedPortsText(byPort)}`;
  page.field('Found open', more > 0 ? `${sum}: ${ports}` : sum, paint);
  for (const [ip, services] of mostFirst(byHost).slice(0, EXPOSED_HOSTS_TOLD_MAX)) {
    const ports = portsText(services, services.length, EXPOSED_PORTS_TOLD_MAX);
    page.field('', `${safeText(ip)}  ${ports}`);
  }
  if (more > 0) page.field('', `... and ${plural(more, 'further host')}`);
}

/** `443/tcp on 120 hosts, 22/tcp on 1 host`. */
function exposedPortsText(byPort: Map<string, Incident['exposed']>): string {
  const ordered = mostFirst(byPort);
  const told = ordered
    .slice(0, EXPOSED_PORTS_TOLD_MAX)
    .map(([port, services]) => `${safeText(port, 30)} on ${plural(services.length, 'host')}`);
  const more = ordered.length - told.length;
  return `${told.join(', ')}${more > 0 ? ` and ${plural(more, 'further port')}` : ''}`;
}

/** The groups with most members first, else as they are. */
function mostFirst<T>(groups: Map<string, T[]>): [string, T[]][] {
  return [...groups].sort(([, left], [, right]) => right.length - left.length);
}

/** Groups in order of appearance. */
function grouped<T>(members: T[], keyOf: (member: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const member of members) {
    const group = groups.get(keyOf(member));
    if (group) group.push(member);
    else groups.set(keyOf(member), [member]);
  }
  return groups;
}

/** One or two sentences an analyst can act on. */
function nextText(incident: Incident): string {
  const who = actorsText(incident);
  const byHost = grouped(incident.exposed, ({ ip }) => ip);
  // What was studied is what the operator wants; then what offers most.
  const studied = incident.scope.studied.filter((ip) => byHost.has(ip));
  const hosts = [...new Set([...studied, ...mostFirst(byHost).map(([ip]) => ip)])];
  if (hosts.length === 0) {
    return (
      `Nothing was seen to answer ${who}, so no host needs care now. ` +
      'Watch for its return, and block it if it is no test of yours.'
    );
  }
  const many = incident.actors.length > 1;
  return (
    `${who} ${many ? 'know' : 'knows'} what is open. ` +
    `Check ${listText(hosts, incident.exposedScope.hosts)}, and search their logs for ` +
    `${many ? 'them' : 'it'} from the time above on. Block ${many ? 'them' : 'it'} if it is no ` +
    'test of yours.'
  );
}
