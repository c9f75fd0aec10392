/** `script_scan`: what Nmap's scripting engine says, and TLS enumeration by whatever tool. */
import * as z from 'zod';
import {
  defineSourceDetector,
  type HelloShape,
  type Judgement,
  NOTHING,
  type PayloadHit,
  type SourceWindow,
} from '../../plugin-api/src/index.js';
import { aboutHits, names, serviceKey, services, spokenEvidence } from './spoken.js';

const config = z.object({
  threshold: z
    .int()
    .min(2)
    .max(100)
    .default(3)
    .describe('Different script payloads when each could be a client’s'),
  hellos_min: z
    .int()
    .min(4)
    .max(32)
    .default(10)
    .describe('Different TLS hellos to one service in a minute'),
  window_s: z.int().min(1).max(86_400).default(600).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

const USER_AGENT = 300;
/** Requests in the engine's name that -sV makes too: paths of scripts of the "version" category. */
const VERSION_REQUESTS: ReadonlySet<number> = new Set([203, 204, 205, 206, 207, 208]);
/** Requests in the engine's name beside a version scan's own that make it a script scan as well. */
const REQUESTS_BESIDE_VERSION = 2;
const HELLOS_US = 60_000_000;
/** Hellos below TLS 1.2 among those of an enumeration: many clients behind one NAT have none. */
const OBSOLETE_MIN = 3;

interface Findings {
  decisive: PayloadHit[];
  weak: PayloadHit[];
  /** The largest set of different hellos to one service. */
  hellos: HelloShape[];
}

export const scriptScan = defineSourceDetector<Config>({
  id: 'script_scan',
  title: 'Script scan',
  summary: "Payloads of Nmap's scripting engine, or TLS enumeration by whatever tool.",
  doc: {
    decided:
      'Payloads are recognised by their bytes; the list is `payload-signatures.ts`, each entry ' +
      "with its origin. One that nobody else sends settles it: the engine's HTTP user agent, its " +
      'SSH and SMTP names, the SMB negotiation and MS17-010 check, DNS and NetBIOS questions ' +
      'with fixed ids. Of the others it takes `threshold` different ones. Requests that -sV ' +
      "makes in the engine's name by itself (vmware-version, hnap-info, http-trane-info) do not " +
      'count beside a version scan. `hellos_min` different TLS hellos to one service within a ' +
      'minute, three of them older than TLS 1.2, are cipher enumeration (ssl-enum-ciphers, ' +
      'sslscan, testssl).',
    sources: [
      "Nmap's `nselib` and captures of Nmap 7.93 -sC and --script; no entry is copied from its " +
        'database',
      'RFC 8446 and RFC 5246: what a hello offers',
    ],
    wrong:
      'Silent inside TLS, with a changed user agent (`--script-args http.useragent`) unless ' +
      'another payload tells, and on scripts that speak like ordinary clients. Hellos count only ' +
      'in seconds in which their source touches a second service, says a known payload or offers ' +
      'less than TLS 1.2. ' +
      'Many old clients behind one NAT address could look like an enumeration, if they met one ' +
      'service in one minute.',
  },
  kinds: ['script_scan'],
  mitre: ['T1595.002', 'T1046'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) =>
    window.payloads !== null &&
    (window.payloads.hasHits || window.payloads.shapeCount >= settings.hellos_min),
  judge(_summary, window, settings, { nowUs }): Judgement {
    const { decisive, weak, hellos } = find(window, nowUs, settings);
    const isSeveral = names(weak).length >= settings.threshold;
    const isEnumeration = hellos.length > 0;
    if (decisive.length === 0 && !isSeveral && !isEnumeration) return NOTHING;
    const hits = [...decisive, ...weak];
    const reasons: string[] = [];
    if (decisive.length > 0) {
      reasons.push(
        `+ payloads of Nmap's scripting engine: ${names(decisive).slice(0, 8).join(', ')}`,
      );
    }
    if (weak.length > 0) reasons.push(`+ also: ${names(weak).slice(0, 8).join(', ')}`);
    if (isEnumeration) reasons.push(`+ ${hellos.length} different TLS hellos to one service`);
    const certain = (90 + 2 * Math.min(4, names(decisive).length)) / 100;
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'script_scan',
          count: services(hits).size + (hits.length === 0 ? 1 : 0),
          threshold: 1,
          exact: true,
          confidence: decisive.length > 0 ? certain : isEnumeration ? 0.85 : 0.65,
          reasons,
          severity: 2,
          ...aboutHits(hits.length > 0 ? hits : hellos),
          evidence: { ...spokenEvidence(hits, window), tls_hellos: hellos.length },
        },
      ],
    };
  },
});

function find(window: SourceWindow, nowUs: number, settings: Config): Findings {
  const { payloads } = window;
  const heard = payloads?.hits(nowUs - settings.window_s * 1e6) ?? [];
  const scripts = heard.filter(({ signature }) => signature.phase === 'script');
  const decisive = scripts.filter(
    ({ signature }) => signature.weight === 'decisive' && signature.id !== USER_AGENT,
  );
  decisive.push(...tellingRequests(heard));
  return {
    decisive,
    weak: scripts.filter(({ signature }) => signature.weight === 'weak'),
    hellos: enumeration(payloads?.hellos(nowUs - HELLOS_US) ?? [], settings.hellos_min),
  };
}

/** Requests in the engine's name, service by service, that no version scan explains. */
function tellingRequests(heard: readonly PayloadHit[]): PayloadHit[] {
  const isVersionScan = heard.some(
    ({ signature, afterWait }) =>
      signature.phase === 'version' && (afterWait || signature.weight === 'decisive'),
  );
  const explained = new Map<string, number>();
  for (const hit of heard) {
    if (!VERSION_REQUESTS.has(hit.signature.id)) continue;
    const key = serviceKey(hit);
    explained.set(key, (explained.get(key) ?? 0) + hit.count);
  }
  return heard.filter((hit) => {
    if (hit.signature.id !== USER_AGENT) return false;
    if (!isVersionScan) return true;
    return hit.count - (explained.get(serviceKey(hit)) ?? 0) >= REQUESTS_BESIDE_VERSION;
  });
}

/** The hellos to the service that got most different ones, if they are an enumeration. */
function enumeration(hellos: readonly HelloShape[], least: number): HelloShape[] {
  const perService = new Map<string, HelloShape[]>();
  for (const hello of hellos) {
    const key = `${hello.target} ${hello.port}`;
    const known = perService.get(key);
    if (known === undefined) perService.set(key, [hello]);
    else known.push(hello);
  }
  const found = [...perService.values()].filter(
    (shapes) => shapes.length >= least && shapes.filter((s) => s.isObsolete).length >= OBSOLETE_MIN,
  );
  return found.sort((a, b) => b.length - a.length)[0] ?? [];
}
