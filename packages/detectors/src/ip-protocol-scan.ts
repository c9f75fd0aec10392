/** `ip_protocol_scan`: one source tries many IP protocol numbers on a target. */
import * as z from 'zod';
import {
  defineSourceDetector,
  type Judgement,
  outcomeCounts,
  SourceCounter,
  type Verdict,
} from '../../plugin-api/src/index.js';
import { explain } from './outcomes.js';
import { aboutContacts } from './source-verdict.js';

const config = z.object({
  threshold: z
    .int()
    .min(2)
    .max(256)
    .default(8)
    .describe('Distinct IP protocol numbers one source tries on one target'),
  window_s: z.int().min(1).max(86_400).default(600).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

export const ipProtocolScan = defineSourceDetector<Config>({
  id: 'ip_protocol_scan',
  title: 'IP protocol scan',
  summary: 'One source tries many IP protocol numbers on one protected address (Nmap -sO).',
  doc: {
    decided:
      'Distinct protocols of the contacts with one target are counted, once at least `threshold` ' +
      'packets of protocols other than TCP, UDP, ICMP and SCTP were sent. An answer in the ' +
      'protocol is open, an ICMP protocol unreachable closed.',
    sources: [
      'RFC 792: destination unreachable, code 2',
      'Nmap `scan_engine_raw.cc`: what -sO puts into each protocol',
    ],
    wrong:
      'Silent on fewer protocols than the threshold, and on tunnels that are decoded here: a GRE ' +
      'packet with something inside is the traffic inside. False for a router that speaks eight ' +
      'protocols to one of ours.',
  },
  kinds: ['ip_protocol_scan'],
  mitre: ['T1046', 'T1595.001'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) => window.total(SourceCounter.ipProtocol) >= settings.threshold,
  judge(summary, window, settings, circumstances): Judgement {
    const verdicts: Verdict[] = [];
    for (const tally of summary.targets.values()) {
      const protocols = new Set(tally.contacts.map((contact) => contact.protocol));
      if (protocols.size < settings.threshold) continue;
      const { confidence, reasons } = explain(summary, window, circumstances, 0.8);
      verdicts.push({
        kind: 'ip_protocol_scan',
        target: tally.target,
        count: protocols.size,
        exact: true,
        threshold: settings.threshold,
        confidence,
        reasons,
        severity: 2,
        ...aboutContacts(tally.contacts, summary, window),
        probe: 'ip_protocol',
        evidence: {
          protocols: [...protocols].sort((a, b) => a - b).slice(0, 256),
          outcomes: outcomeCounts(tally.contacts),
        },
      });
    }
    return { verdicts, undecided: false };
  },
});
