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

/** Nmap asks a zombie six times before it uses it: five leave room for one that was not seen. */
const zombieConfig = configOf(
  5,
  'Unsolicited SYN-ACKs of one source to one of our hosts that no server would send',
);
const targetConfig = configOf(6, 'Resets of one address whose IP ID counts on');
type Config = z.infer<typeof zombieConfig>;

const PORT_PRIVILEGED_MAX = 1023;

export const idleScanZombie = defineSourceDetector<Config>({
  id: 'idle_scan_zombie',
  title: 'Idle scan through one of our hosts',
  summary:
    'A protected host is used as the zombie of an idle scan: somebody reads the IP ID of its ' +
    'resets to learn what a third host answered.',
  doc: {
    decided:
      'One source keeps sending unsolicited SYN-ACKs to one protected host, to at most two of ' +
      'its ports, with nothing but an MSS, a window of at most 4,096 and no DF: no server ' +
      'answers so. They are counted for as long as the source is remembered. When resets that ' +
      "answer SYNs come from the same source too, it is the scan's target and not the operator. " +
      'The incident names the source as operator and our host as zombie.',
    sources: [
      'Antirez: new tcp scan method (Bugtraq, 18 December 1998)',
      'Nmap `idle_scan.cc`: how it asks a zombie',
    ],
    wrong:
      'Silent when the operator asks the zombie in another way (hping3 with a full option list), ' +
      'too few times, only once a second, or where our own packets do not pass the sensor. False ' +
      'for a load balancer that keeps answering lost SYNs of ours with so bare a SYN-ACK.',
  },
  kinds: ['idle_scan_zombie'],
  mitre: ['T1595.001', 'T1090'],
  config: zombieConfig,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) => window.total(SourceCounter.rawSynAcks) >= settings.threshold,
  judge(summary, window, settings): Judgement {
    const asked = summary.unsolicited.filter((c) => (c.outcome & Outcome.backscatterSynAck) !== 0);
    const zombie = onlyTarget(asked);
    const count = window.total(SourceCounter.rawSynAcks);
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
    "A protected host is scanned through a third party's address: the probes claim to come from " +
    'a host that did not send them. The third party is the zombie, not the operator.',
  doc: {
    decided:
      'Four things must hold for one address: at least `threshold` resets of our SYN-ACKs have ' +
      'another initial TTL than the probe they follow; their IP ID counts on from one to the ' +
      "next; at least three probes carry Nmap's mark; and all leave from one source port below " +
      "1,024, the zombie's service. They are counted for as long as the source is remembered. " +
      'The incident names the address as zombie and no operator: that one is not visible here.',
    sources: [
      'Antirez: new tcp scan method (Bugtraq, 18 December 1998)',
      'Nmap `idle_scan.cc`',
      "Jin, Wang, Shin: Hop-Count Filtering (CCS 2003): a spoofed packet's TTL disagrees with " +
        "its claimed source's",
    ],
    wrong:
      'Silent when few of our ports are open, since only open ones make the zombie reset; when ' +
      'only one port a second is tried; when zombie and operator have the same initial TTL; and ' +
      'with another tool than Nmap. Without it the probes are a `port_scan` of the third party.',
  },
  kinds: ['idle_scan_target'],
  mitre: ['T1595.001', 'T1090'],
  config: targetConfig,
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

function configOf(threshold: number, counted: string) {
  return z.object({
    threshold: z.int().min(3).max(10_000).default(threshold).describe(counted),
    window_s: z.int().min(1).max(3600).default(600).describe('Window in seconds of packet time'),
  });
}
