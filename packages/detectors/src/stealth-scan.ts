/** `stealth_scan`: flag combinations outside any connection. */
import * as z from 'zod';
import {
  type Contact,
  defineSourceDetector,
  type Judgement,
  NOTHING,
  outcomeCounts,
  ProbeKind,
  SourceCounter,
  STEALTH_KINDS,
} from '../../plugin-api/src/index.js';
import { explain } from './outcomes.js';
import { aboutContacts, onlyTarget } from './source-verdict.js';

const config = z.object({
  threshold: z
    .int()
    .min(2)
    .max(65_536)
    .default(5)
    .describe('Distinct (target, port) pairs one source probes with such flags'),
  window_s: z.int().min(1).max(86_400).default(600).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

const COUNTERS = [
  SourceCounter.fin,
  SourceCounter.null,
  SourceCounter.xmas,
  SourceCounter.ack,
  SourceCounter.maimon,
  SourceCounter.oddFlags,
];

export const stealthScan = defineSourceDetector<Config>({
  id: 'stealth_scan',
  title: 'Stealth scan',
  summary:
    'One source sends FIN, NULL, Xmas, Maimon (FIN+ACK), bare ACK (ACK and window scans) or ' +
    'other flag combinations to several ports outside any connection.',
  doc: {
    decided:
      'Distinct (target, port) tried so are counted, outside every connection the sensor knows. ' +
      'FIN, NULL and Xmas always count: no connection sends them without ACK. A bare ACK or ' +
      "FIN+ACK counts only with Nmap's mark, to a host that has never spoken, or (ACK) once the " +
      'target has reset it; a contact that was also tried with SYN counts only for FIN, NULL and ' +
      'Xmas.',
    sources: [
      'RFC 9293 §3.10.7: what a host answers to each combination',
      'Maimon: Port Scanning without the SYN flag (Phrack 49, 1996)',
      'Nmap `scan_engine_raw.cc` for the marks of its ACK, FIN, NULL and Xmas probes',
    ],
    wrong:
      'Silent below the threshold, and on unmarked ACK probes that nobody answers sent to hosts ' +
      'in use: they look like the tail of a forgotten connection. Right after the sensor starts, ' +
      'connections it did not see begin are unknown; their ACKs and data are not probes. Broken ' +
      'middle boxes send odd flags, but rarely to several ports.',
  },
  kinds: ['stealth_scan'],
  mitre: ['T1046', 'T1595.001'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window) => window.hasContact(isStealth),
  judge(summary, window, settings, circumstances): Judgement {
    const stealthy = summary.contacts.filter(isStealth);
    if (stealthy.length < settings.threshold) return NOTHING;
    const { confidence, reasons } = explain(summary, window, circumstances, 0.75);
    // Nothing but stealth is listed: what found no room was no different.
    const isAll = stealthy.length === summary.contacts.length;
    const { count, exact } = summary.pairCount;
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'stealth_scan',
          target: onlyTarget(stealthy),
          count: isAll ? count : stealthy.length,
          exact,
          threshold: settings.threshold,
          confidence,
          reasons,
          severity: 2,
          ...aboutContacts(isAll ? [] : stealthy, summary, window),
          evidence: { packets: window.counters(COUNTERS), outcomes: outcomeCounts(stealthy) },
        },
      ],
    };
  },
});

function isStealth(contact: Contact): boolean {
  return (
    ((contact.kinds & STEALTH_KINDS) !== 0 &&
      (contact.kinds & ~(STEALTH_KINDS | ProbeKind.inferred)) === 0) ||
    (contact.kinds & (ProbeKind.fin | ProbeKind.null | ProbeKind.xmas)) !== 0
  );
}
