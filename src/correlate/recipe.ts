/**
 * The command line an operator probably typed, from what was seen of it. It tells only what this
 * network saw: a sweep of the whole Internet looks like a sweep of the protected networks.
 */
import type { Kind, ToolGuess } from '../../packages/plugin-api/src/finding.js';
import { type Cover, coverTargets, portList } from '../shared/cover.js';
import type { PortHits } from './scope.js';

export interface RecipeInput {
  /** Around the known targets. */
  cover: Cover;
  /** All targets, the known ones among them. */
  hosts: number;
  /** Most hits first. */
  ports: PortHits[];
  portCount: number;
  exact: boolean;
  probes: ReadonlySet<string>;
  kinds: ReadonlySet<Kind>;
  tools: readonly ToolGuess[];
  /** Hosts with a depth-phase finding, and the most ports one of them was asked for. */
  depthTargets: string[];
  depthPortCount: number;
}

export interface Recipe {
  command: string;
  /** 0 to 1. */
  confidence: number;
}

/** What one tool was told: a part of the incident. */
interface Job {
  targets: string;
  ports: PortHits[];
  portCount: number;
  probes: ReadonlySet<string>;
  kinds: ReadonlySet<Kind>;
  /** Certainty of targets and ports, 0 to 1. */
  certainty: number;
}

type Writer = (job: Job) => string;

const WRITERS: Record<string, Writer> = {
  masscan: (job) =>
    words('masscan', job.targets, joinedPorts(job), job.probes.has('icmp_echo') && '--ping'),
  zmap: writeZmap,
  nmap: writeNmap,
  unicornscan: (job) =>
    words('unicornscan', modeOf(job), `${job.targets}:${listed(job).text || 'q'}`),
  hping3: (job) => words('hping3', `--scan ${listed(job).text}`, '-S', job.targets),
  fping: (job) => words('fping', '-g', job.targets),
};

/** Tools of the breadth phase: fast, stateless, and followed by another for the depth phase. */
const STATELESS = new Set(['masscan', 'zmap', 'unicornscan']);
/** Below this a tool's name is a hunch, and a command line in its syntax would be invented. */
const TOOL_CONFIDENCE_MIN = 0.5;
/**
 * More port ranges than these nobody types: they come from the tool's own list of frequent ports.
 */
const RANGES_MAX = 12;
/** The count may be an estimate (1.6 % standard error) of a list that is complete. */
const LISTED_SLACK = 1.05;
/** Above this a port scan asked for all 65,535; the rest was lost or is still to come. */
const ALL_PORTS_MIN = 60_000;

/** Null when no tool is known well enough, or it takes no command line (a worm). */
export function reconstruct(input: RecipeInput): Recipe | null {
  const tools = input.tools.filter(
    ({ name, confidence }) => Object.hasOwn(WRITERS, name) && confidence >= TOOL_CONFIDENCE_MIN,
  );
  if (tools.length === 0 || input.cover.parts.length === 0) return null;
  const broad = tools.find(({ name }) => STATELESS.has(name));
  const deep = tools.find(({ name }) => !STATELESS.has(name));
  const steps: Recipe[] = [];
  if (broad && deep) steps.push(step(broad, broadJob(input)));
  if (!broad || !deep) steps.push(step(tools[0], wholeJob(input)));
  else if (input.depthTargets.length > 0) steps.push(step(deep, deepJob(input)));
  return {
    command: steps.map(({ command }) => command).join('; '),
    confidence: Math.min(...steps.map(({ confidence }) => confidence)),
  };
}

function step(tool: ToolGuess, job: Job): Recipe {
  const guessed = listed(job).guessed ? 0.8 : 1;
  const confidence = tool.confidence * job.certainty * guessed;
  return { command: WRITERS[tool.name](job), confidence: Math.round(confidence * 100) / 100 };
}

function wholeJob(input: RecipeInput): Job {
  const { cover, ports, portCount, probes, kinds } = input;
  const touched = Math.min(1, input.hosts / cover.size);
  const certainty = (0.5 + 0.5 * touched) * (input.exact ? 1 : 0.8);
  return { targets: cover.parts.join(' '), ports, portCount, probes, kinds, certainty };
}

/**
 * The ports that at least half of the hosts were asked for; the others belong to the depth phase.
 */
function broadJob(input: RecipeInput): Job {
  const common = input.ports.filter(({ hits }) => hits >= input.hosts / 2);
  const ports = common.length > 0 ? common : input.ports.slice(0, 1);
  return { ...wholeJob(input), ports, portCount: ports.length };
}

/** All known ports when there are no more of them than one host was asked for, or no port scan. */
function deepJob(input: RecipeInput): Job {
  const { parts } = coverTargets(input.depthTargets);
  const portCount = input.depthPortCount || input.portCount;
  return {
    ...wholeJob(input),
    targets: parts.join(' '),
    ports: input.ports.length <= portCount ? input.ports : [],
    portCount,
    certainty: input.exact ? 0.9 : 0.7,
  };
}

/**
 * UDP ports beside TCP that scripts (NetBIOS, SNMP, DNS) and OS detection (its one datagram to a
 * closed port) ask by themselves; more are a UDP scan.
 */
const UDP_BESIDE_MAX = 4;

/** The job without the UDP probes that no `-sU` asked for. */
function withoutSideUdp(job: Job): Job {
  const { kinds, ports, probes } = job;
  const udp = ports.filter(({ proto }) => proto === 'udp');
  const explained = kinds.has('script_scan') || kinds.has('os_detection');
  if (!explained || !probes.has('syn') || udp.length === 0 || udp.length > UDP_BESIDE_MAX)
    return job;
  return {
    ...job,
    ports: ports.filter(({ proto }) => proto !== 'udp'),
    portCount: Math.max(0, job.portCount - udp.length),
    probes: new Set([...probes].filter((probe) => probe !== 'udp')),
  };
}

/** Nmap 7.9 reference guide, "Scan techniques" and "Port specification". */
function writeNmap(whole: Job): string {
  const job = withoutSideUdp(whole);
  const { probes, kinds } = job;
  const flag = (condition: boolean, text: string): string | false => condition && text;
  const hidden = kinds.has('stealth_scan') && !kinds.has('os_detection');
  const scansPorts = job.portCount > 0 && hasPortProbe(probes) && !isDiscovery(job);
  return words(
    'nmap',
    flag(!scansPorts && !probes.has('ip_protocol'), '-sn'),
    flag(scansPorts && probes.has('syn'), '-sS'),
    flag(hidden && probes.has('fin'), '-sF'),
    flag(hidden && probes.has('null'), '-sN'),
    flag(hidden && probes.has('xmas'), '-sX'),
    flag(hidden && probes.has('ack') && !probes.has('syn'), '-sA'),
    flag(hidden && probes.has('maimon'), '-sM'),
    flag(probes.has('udp'), '-sU'),
    flag(probes.has('sctp_init'), '-sY'),
    flag(probes.has('sctp_cookie_echo'), '-sZ'),
    flag(probes.has('ip_protocol'), '-sO'),
    flag(kinds.has('version_scan'), '-sV'),
    flag(kinds.has('script_scan'), '-sC'),
    flag(kinds.has('os_detection'), '-O'),
    flag(kinds.has('fragmented_probe'), '-f'),
    flag(kinds.has('bad_checksum'), '--badsum'),
    scansPorts && joinedPorts(job),
    job.targets,
  );
}

/** Nmap's default host discovery: ICMP echo and timestamp, SYN to 443, ACK to 80. */
function isDiscovery({ probes, ports, portCount, kinds }: Job): boolean {
  const isDefault = ({ proto, port }: PortHits): boolean =>
    proto.startsWith('icmp') || (proto === 'tcp' && (port === 80 || port === 443));
  const deep = ['port_scan', 'version_scan', 'script_scan', 'os_detection'] as const;
  return (
    probes.has('icmp_echo') &&
    probes.has('syn') &&
    portCount <= ports.length &&
    ports.every(isDefault) &&
    !deep.some((kind) => kinds.has(kind))
  );
}

function writeZmap(job: Job): string {
  if (!hasPortProbe(job.probes)) return words('zmap', '-M icmp_echoscan', job.targets);
  return words('zmap', isUdp(job) && '-M udp', `-p ${listed(job).text}`, job.targets);
}

function modeOf(job: Job): string {
  return isUdp(job) ? '-mU' : '-mT';
}

function isUdp({ probes }: Job): boolean {
  return probes.has('udp') && !probes.has('syn');
}

function hasPortProbe(probes: ReadonlySet<string>): boolean {
  return [...probes].some((probe) => !probe.startsWith('icmp') && probe !== 'ip_protocol');
}

function joinedPorts(job: Job): string {
  const { text, guessed } = listed(job);
  if (text === '') return '';
  return guessed && text !== '-' ? `--top-ports ${text}` : `-p${text}`;
}

/**
 * The ports as text; `guessed` when they are told by their number (`~1000`) or as all of them
 * (`-`).
 */
function listed(job: Job): { text: string; guessed: boolean } {
  const tcp = job.ports.filter(({ proto }) => proto === 'tcp' || proto === 'sctp');
  const udp = job.ports.filter(({ proto }) => proto === 'udp');
  const tcpList = portList(tcp.map(({ port }) => port));
  const udpList = portList(udp.map(({ port }) => port));
  const complete = job.portCount <= job.ports.length * LISTED_SLACK + 2;
  if (complete && tcpList.rangeCount + udpList.rangeCount <= RANGES_MAX) {
    const both = tcp.length > 0 && udp.length > 0;
    return {
      text: both ? `T:${tcpList.text},U:${udpList.text}` : tcpList.text || udpList.text,
      guessed: false,
    };
  }
  if (job.portCount >= ALL_PORTS_MIN) return { text: '-', guessed: true };
  return {
    text: `~${job.portCount < 100 ? job.portCount : Math.round(job.portCount / 100) * 100}`,
    guessed: true,
  };
}

function words(...parts: (string | false | undefined)[]): string {
  return parts.filter(Boolean).join(' ');
}
