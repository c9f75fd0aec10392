/** What a source said to services, in the terms of `version_scan` and `script_scan`. */
import type { PayloadHit, SourceWindow, Verdict } from '../../plugin-api/src/index.js';
import { printable } from '../../plugin-api/src/index.js';

const LISTED_MAX = 12;
/** Bytes of a payload that a sample shows. */
const SAMPLE_SIZE_MAX = 48;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

/** One service of one target, as a key. */
export function serviceKey({ target, protocol, port }: ServiceLike): string {
  return `${target}${String.fromCharCode(protocol, port)}`;
}

interface ServiceLike {
  target: string;
  protocol: number;
  port: number;
}

export function services(hits: readonly ServiceLike[]): Set<string> {
  return new Set(hits.map(serviceKey));
}

export function names(hits: readonly PayloadHit[]): string[] {
  return [...new Set(hits.map((hit) => hit.signature.name))];
}

/**
 * Span, protocol and probe of a verdict about payloads. One verdict a source, however many targets.
 */
export function aboutHits(
  hits: readonly { firstUs: number; lastUs: number; protocol?: number }[],
): Pick<Verdict, 'source' | 'target' | 'firstSeenUs' | 'lastSeenUs' | 'protocol' | 'probe'> {
  const udp = hits.filter((hit) => hit.protocol === PROTOCOL_UDP).length;
  return {
    source: null,
    target: null,
    firstSeenUs: Math.min(...hits.map((hit) => hit.firstUs)),
    lastSeenUs: Math.max(...hits.map((hit) => hit.lastUs)),
    protocol: udp > hits.length / 2 ? PROTOCOL_UDP : PROTOCOL_TCP,
    probe: udp > hits.length / 2 ? 'udp' : 'syn',
  };
}

/** The payloads, where they went, and as whom the source spoke; bounded and printable. */
export function spokenEvidence(
  hits: readonly PayloadHit[],
  window: SourceWindow,
): Record<string, unknown> {
  const ports = new Map<string, number>();
  for (const { protocol, port } of hits) {
    const name = `${protocol === PROTOCOL_UDP ? 'udp' : 'tcp'}/${port}`;
    ports.set(name, (ports.get(name) ?? 0) + 1);
  }
  const samples = new Map(hits.map(({ signature }) => [signature.id, sampleOf(signature.hex)]));
  return {
    payloads: names(hits).slice(0, LISTED_MAX),
    services: services(hits).size,
    ports: [...ports.keys()].sort().slice(0, LISTED_MAX),
    samples: [...samples.values()].slice(0, LISTED_MAX),
    requests: window.payloads?.requests.slice(0, LISTED_MAX) ?? [],
    user_agents: window.payloads?.userAgents.slice(0, LISTED_MAX) ?? [],
  };
}

/** A signature's bytes as text, `?` for any. */
function sampleOf(hex: string): string {
  const pairs = hex.match(/../g) ?? [];
  const text = pairs.map((p) => (p === '..' ? '?' : String.fromCharCode(Number.parseInt(p, 16))));
  return printable(text.slice(0, SAMPLE_SIZE_MAX).join(''));
}
