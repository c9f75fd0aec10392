/** `version_scan`: Nmap -sV's way with a service: listen, then say one probe after another. */
import * as z from 'zod';
import {
  defineSourceDetector,
  type Judgement,
  NOTHING,
  Outcome,
  type PayloadHit,
  type SourceSummary,
} from '../../plugin-api/src/index.js';
import { aboutHits, names, serviceKey, services, spokenEvidence } from './spoken.js';

const config = z.object({
  threshold: z
    .int()
    .min(2)
    .max(100)
    .default(2)
    .describe('Different probes, or services probed so that only the tool does it'),
  weak_min: z
    .int()
    .min(2)
    .max(100)
    .default(3)
    .describe('Different probes to one service when each could be a client’s'),
  waits_min: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('Services listened to in silence that make up for a second probe'),
  window_s: z.int().min(1).max(86_400).default(600).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

/** Datagrams to one service that are more than the one or two a UDP port scan sends there. */
const DATAGRAMS_MIN = 5;

export const versionScan = defineSourceDetector<Config>({
  id: 'version_scan',
  title: 'Version scan',
  summary:
    'One source connects to services, says nothing for six seconds to hear a banner, then sends ' +
    'probe after probe to learn what answers (Nmap -sV).',
  doc: {
    decided:
      'Probes are recognised by their first bytes; the list is `payload-signatures.ts`, each ' +
      'entry with its origin. One that only the tool sends, or that opens a connection after ' +
      'more than four seconds of silence, needs a second probe or service beside it. Ones that a ' +
      'client could send (GET / HTTP/1.0, HELP) need to be `weak_min` at one service, or to come ' +
      'with `waits_min` services where the source only listened; neither counts for a source ' +
      'whose scripts are recognised. A UDP port scan sends one or two known payloads to a port: ' +
      'five at one are a version scan.',
    sources: [
      'Nmap `service_scan.cc` and captures of Nmap 7.93 -sV; no entry is copied from its ' +
        'database',
      'RFC 1035, 2326, 4120, 5531: why no client sends the decisive ones',
    ],
    wrong:
      "Silent inside TLS, on other tools' probes, and when every service sends a banner that " +
      'Nmap recognises: then it never says a probe. A client that fetches banners of three ' +
      'services and says GET / HTTP/1.0 to one is taken for it, with a confidence of 0.6.',
  },
  kinds: ['version_scan'],
  mitre: ['T1595.002', 'T1046'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window) => window.payloads?.hasHits ?? false,
  judge(summary, window, settings, { nowUs }): Judgement {
    const heard = window.payloads?.hits(nowUs - settings.window_s * 1e6) ?? [];
    const probes = heard.filter(isProbe);
    const strong = probes.filter(isStrong);
    const waits = waitedServices(summary);
    const kinds = names(probes);
    const isScripted = heard.some(isScript);
    const found = [
      strong.length > 0 && Math.max(kinds.length, services(strong).size) >= settings.threshold,
      !isScripted && mostAtOneService(probes.filter(isTcpVersion)) >= settings.weak_min,
      !isScripted && waits >= settings.waits_min && probes.some(isTcpVersion),
      mostAtOneService(probes.filter((hit) => !isTcp(hit))) >= DATAGRAMS_MIN,
    ];
    if (!found.includes(true)) return NOTHING;
    const reasons = [`+ ${kinds.length} of Nmap's probes: ${kinds.slice(0, 8).join(', ')}`];
    const late = strong.filter((hit) => hit.afterWait);
    if (late.length > 0) reasons.push(`+ ${services(late).size} services probed after a silence`);
    if (waits > 0) reasons.push(`+ ${waits} services listened to`);
    if (strong.length === 0) reasons.push('- each of the probes could be a client’s');
    const certain = 80 + 2 * Math.min(8, kinds.length + services(strong).size);
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'version_scan',
          count: services(probes).size,
          threshold: 1,
          exact: true,
          confidence: strong.length > 0 ? certain / 100 : 0.6,
          reasons,
          severity: 2,
          ...aboutHits(probes),
          evidence: { ...spokenEvidence(probes, window), listened: waits },
        },
      ],
    };
  },
});

function isTcp({ signature }: PayloadHit): boolean {
  return signature.transport === 'tcp';
}

function isTcpVersion(hit: PayloadHit): boolean {
  return isTcp(hit) && hit.signature.phase === 'version';
}

function isScript({ signature }: PayloadHit): boolean {
  return signature.phase === 'script' && signature.weight === 'decisive';
}

/** What -sV sends, though scripts send some of it too. */
function isProbe({ signature }: PayloadHit): boolean {
  return signature.tool === 'nmap' && signature.phase !== 'script';
}

/** Nobody but the tool sends it, or sends it so late. */
function isStrong({ signature, afterWait }: PayloadHit): boolean {
  if (signature.transport === 'tcp' && afterWait) return true;
  return signature.phase === 'version' && signature.weight === 'decisive';
}

function waitedServices(summary: SourceSummary): number {
  return summary.contacts.filter((contact) => (contact.outcome & Outcome.waited) !== 0).length;
}

function mostAtOneService(hits: readonly PayloadHit[]): number {
  const perService = new Map<string, Set<string>>();
  for (const hit of hits) {
    const key = serviceKey(hit);
    const known = perService.get(key) ?? new Set();
    perService.set(key, known.add(hit.signature.name));
  }
  return Math.max(0, ...[...perService.values()].map((known) => known.size));
}
