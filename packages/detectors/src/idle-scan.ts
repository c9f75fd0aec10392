/**
 * `idle_scan_zombie` and `idle_scan_target`: the two ends of Nmap -sI that we can be. The zombie's
 * counting IP IDs tell the operator what the target answered (Antirez 1998; Nmap's idle_scan.cc).
 */
import * as z from 'zod';
import {
  type Contact,
  defineSourceDetector,
  type Judgement,
  NOTHING,
  Outcome,
  SourceCounter,
  type SourceWindow,
} from '../../plugin-api/src/index.js';
import { aboutContacts, onlyTarget } from './source-verdict.js';

const config = z.object({
  threshold: z
    .int()
    .min(3)
    .max(10_000)
    .default(6)
    .describe('Unsolicited SYN-ACKs of one source to one of our hosts, or resets that count on'),
  window_s: z.int().min(1).max(3600).default(600).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

const PORT_PRIVILEGED_MAX = 1023;

export const idleScanZombie = defineSourceDetector<Config>({
  id: 'idle_scan_zombie',
  title: 'Idle scan through one of our hosts',
  summary:
    'A protected host is used as the zombie of an idle scan: one source keeps sending it ' +
    'unsolicited SYN-ACKs with an MSS and a tiny window, to one port, to read the IP ID of its ' +
    "resets. A victim's backscatter goes to many hosts or ports and comes from a real stack.",
  kinds: ['idle_scan_zombie'],
  mitre: ['T1595.001', 'T1090'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) => window.total(SourceCounter.rawSynAcks) >= settings.threshold - 1,
  judge(summary, window, settings): Judgement {
    const asked = summary.unsolicited.filter((c) => (c.outcome & Outcome.backscatterSynAck) !== 0);
    const zombie = onlyTarget(asked);
    // The first one is not counted: the source had no full state yet.
    const count = window.total(SourceCounter.rawSynAcks) + 1;
    if (zombie === null || count < settings.threshold || new Set(asked.map((c) => c.port)).size > 2)
      return NOTHING;
    // Real answers among them: the source is the scan's target, whose address the operator
    // borrowed.
    if (summary.unsolicited.some((c) => (c.outcome & Outcome.backscatterRst) !== 0)) return NOTHING;
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'idle_scan_zombie',
          target: zombie,
          count,
          exact: true,
          threshold: settings.threshold,
          confidence: 0.9,
          reasons: [`+ ${count} unsolicited SYN-ACKs of a user-space stack to one host`],
          severity: 1,
          ...aboutContacts(asked, summary, window),
          protocol: 6,
          probe: 'syn_ack',
          evidence: { port: asked[0].port, syn_acks: count },
        },
      ],
    };
  },
});

export const idleScanTarget = defineSourceDetector<Config>({
  id: 'idle_scan_target',
  title: 'Idle scan of one of our hosts',
  summary:
    "A protected host is scanned through a third party's address: the probes come from Nmap's " +
    "raw socket with the third party's service port as source port, while the resets of our " +
    'answers come from another stack (another initial TTL) whose IP ID counts on. The third ' +
    'party is the zombie, not the operator.',
  kinds: ['idle_scan_target'],
  mitre: ['T1595.001', 'T1090'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) =>
    window.total(SourceCounter.resetsOtherClass) >= settings.threshold &&
    borrowsServicePort(window),
  judge(summary, window, settings): Judgement {
    const resets = window.total(SourceCounter.resetsOtherClass);
    const steps = window.total(SourceCounter.resetIdSteps);
    if (steps < settings.threshold - 2 || window.total(SourceCounter.markNmap) < 3) return NOTHING;
    const answered = summary.contacts.filter(
      (c: Contact) => (c.outcome & Outcome.sourceReset) !== 0,
    );
    if (answered.length === 0) return NOTHING;
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'idle_scan_target',
          target: onlyTarget(answered),
          count: resets,
          exact: true,
          threshold: settings.threshold,
          confidence: 0.85,
          reasons: [
            '+ probes and resets of this address come from two stacks with different initial TTLs',
            `+ the IP ID of its resets counts on (${steps} times): a usable zombie`,
            `+ its probes leave from service port ${window.sourcePortMin}`,
          ],
          severity: 1,
          ...aboutContacts(answered, summary, window),
          evidence: {
            resets,
            id_steps: steps,
            source_port: window.sourcePortMin,
            ports: answered.length,
          },
        },
      ],
    };
  },
});

function borrowsServicePort(window: SourceWindow): boolean {
  return (
    window.sourcePortMin > 0 &&
    window.sourcePortMin === window.sourcePortMax &&
    window.sourcePortMin <= PORT_PRIVILEGED_MAX
  );
}
