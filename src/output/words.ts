/** What an incident is called, for people. Shared by the report and the live lines. */
import type { Finding, Incident, Phase } from '../../packages/plugin-api/src/finding.js';
import { portList } from '../shared/cover.js';
import { formatCount, plural, safeText } from '../shared/text.js';

export const SEVERITY_WORDS = { 1: 'HIGH', 2: 'MEDIUM', 3: 'LOW' } as const;

/** `203.0.113.7`, `203.0.113.7 and 203.0.113.8`, `203.0.113.7 and 2 others`: operators first. */
export function actorsText({ actors }: Incident): string {
  const operators = actors.filter(({ role }) => role === 'operator');
  const others = actors.filter(({ role }) => role !== 'operator');
  const [first, second] = [...operators, ...others].map(({ ip }) => safeText(ip));
  if (first === undefined) return 'an unknown source';
  if (second === undefined) return first;
  if (actors.length === 2) return `${first} and ${second}`;
  return `${first} and ${plural(actors.length - 1, 'other')}`;
}

/** What the actors did, as a sentence without its subject. */
export function deedText({ phases, scope }: Incident): string {
  const has = (phase: Phase): boolean => phases.includes(phase);
  const one = scope.hosts === 1;
  const deeds: string[] = [];
  // One host is not swept: a tool's mark on what went to it is all that says so.
  if (has('breadth') && !one) deeds.push('swept the network');
  if (has('breadth') && one && !has('depth')) deeds.push('probed one host');
  if (has('depth'))
    deeds.push(
      one
        ? 'studied one host'
        : has('breadth')
          ? 'studied single hosts'
          : `studied ${plural(scope.hosts, 'host')}`,
    );
  if (has('side_channel')) deeds.push('used a third host as cover');
  if (has('deception')) deeds.push('touched what nobody uses');
  if (deeds.length === 0)
    return `probed ${one ? 'one host' : plural(scope.hosts, 'host')} under cover`;
  return `${deeds.join(', then ')}${has('evasion') ? ', under cover' : ''}`;
}

/** `masscan (98 %), nmap (85 %)`; empty when no tool is known. */
export function toolsText(tools: readonly { name: string; confidence: number }[], max = 4): string {
  return tools
    .slice(0, max)
    .map(({ name, confidence }) => `${safeText(name, 40)} (${percent(confidence)})`)
    .join(', ');
}

/** `22, 80, 443/tcp, 53/udp and 12 more`. `known` are some of `count` ports, most telling first. */
export function portsText(
  known: { proto: string; port: number }[],
  count: number,
  max = 10,
): string {
  const listed = known.slice(0, max);
  const protos = [...new Set(listed.map(({ proto }) => proto))];
  const groups = protos.map((proto) => {
    const ports = listed.filter((port) => port.proto === proto).map(({ port }) => port);
    return `${portList(ports).text.replaceAll(',', ', ')}/${safeText(proto, 20)}`;
  });
  const more = count - listed.length;
  return `${groups.join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
}

/** What a finding counts, by its kind: the `count` of its detector. */
const COUNTED: Record<Finding['kind'], string> = {
  address_scan: 'host',
  distributed_address_scan: 'host',
  fan_out: 'host',
  random_scan: 'host and port pair',
  port_scan: 'port',
  distributed_port_scan: 'port',
  ip_protocol_scan: 'protocol',
  version_scan: 'service',
  script_scan: 'service',
  os_detection: 'OS probe',
  slow_scan: 'failed contact',
  stealth_scan: 'contact',
  honeyport: 'contact',
  decoy_scan: 'source',
  idle_scan_zombie: 'SYN-ACK',
  idle_scan_target: 'reset',
  scanner_signature: 'packet',
  bad_checksum: 'packet',
  fragmented_probe: 'packet',
  trusted_source_port: 'packet',
  syn_flood: 'SYN',
  backscatter: 'answer',
};

export function countText({ kind, count, exact, windowS }: Finding): string {
  return `${exact ? '' : 'about '}${plural(count, COUNTED[kind])} in ${windowS} s`;
}

/** What a finding is about beside its source: one host, how many; empty when neither is known. */
export function targetText({ target, evidence }: Finding): string {
  if (target !== null) return safeText(target.ip);
  const { hosts, hosts_exact: isExact } = evidence;
  if (typeof hosts !== 'number') return '';
  return `${isExact === false ? 'at least ' : ''}${plural(hosts, 'host')}`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `256 hosts, about 1,002 ports`. Estimated hosts that are all listed are no estimate. */
export function reachText({ hosts, ports, exact, targets }: Incident['scope']): string {
  const about = exact ? '' : 'about ';
  const hostsText = `${hosts === targets.length ? '' : about}${plural(hosts, 'host')}`;
  return `${hostsText}, ${about}${plural(ports, 'port')}`;
}
