/**
 * `backscatter`: answers to packets we never sent, from the victim of somebody else's spoofing.
 * Noise.
 */
import * as z from 'zod';
import {
  type Contact,
  defineSourceDetector,
  type Judgement,
  NOTHING,
  Outcome,
} from '../../plugin-api/src/index.js';

const config = z.object({
  threshold: z
    .int()
    .min(2)
    .max(65_536)
    .default(50)
    .describe('Distinct (protected address, port) pairs one source answers unasked'),
  window_s: z.int().min(1).max(60).default(60).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

const SORTS = {
  syn_ack: Outcome.backscatterSynAck,
  reset: Outcome.backscatterRst,
  icmp_error: Outcome.backscatterIcmp,
  udp_answer: Outcome.backscatterReply,
} as const;

export const backscatter = defineSourceDetector<Config>({
  id: 'backscatter',
  title: 'Backscatter',
  summary:
    'One source sends SYN-ACKs, resets, ICMP errors or UDP answers to many protected (address, ' +
    'port) pairs that never asked: somebody spoofs our addresses. TCP and ICMP come from the ' +
    'victim of a flood; UDP from an open service that is abused to amplify one, and then ' +
    'the victim is ours. Not a scan.',
  doc: {
    decided:
      'Distinct pairs that got something unasked are counted: SYN-ACKs, resets that answer a ' +
      'SYN, ICMP errors that quote a packet of ours which was never seen, and what is plainly ' +
      'an answer of a service over UDP: DNS, NTP, CLDAP, SNMP, SSDP, Memcached and some twenty ' +
      'more. ' +
      "They must be at least as many as the source's own probes. Only where our own packets pass " +
      'the sensor: elsewhere every answer looks unasked.',
    sources: [
      'Moore, Voelker, Savage: Inferring Internet Denial-of-Service Activity (USENIX Security ' +
        '2001)',
      'Rossow: Amplification Hell: Revisiting Network Protocols for DDoS Abuse (NDSS 2014)',
      "The forms of the answers: each protocol's specification (`udp_answer_forms.h`)",
    ],
    wrong:
      'Silent where only one direction is seen. An answer over UDP in a form that is not ' +
      'known, or that continues one, is a probe; a UDP scan that is made to look like answers is ' +
      'backscatter. Answers to what our hosts asked before the ' +
      'sensor started look unasked too; they come from many sources and few of each.',
  },
  kinds: ['backscatter'],
  mitre: [],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) => window.hasContacts(settings.threshold),
  judge(summary, window, settings): Judgement {
    const { unsolicited } = summary;
    if (unsolicited.length < settings.threshold || unsolicited.length < summary.contacts.length)
      return NOTHING;
    const { targets, pairs } = window.unaskedCounts(unsolicited, summary.sinceUs);
    const sorts = Object.entries(SORTS).map(([name, bit]): [string, number] => [
      name,
      unsolicited.filter((contact) => (contact.outcome & bit) !== 0).length,
    ]);
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'backscatter',
          target: null,
          source: null,
          count: pairs.count,
          exact: pairs.exact,
          threshold: settings.threshold,
          confidence: 0.9,
          reasons: ['+ answers without a question, to many of our addresses'],
          severity: 3,
          firstSeenUs: Math.min(...unsolicited.map((c) => c.firstUs)),
          lastSeenUs: Math.max(...unsolicited.map((c) => c.lastUs)),
          protocol: mainUnsolicited(unsolicited),
          probe: sorts.sort((a, b) => b[1] - a[1])[0][0],
          evidence: {
            targets: targets.count,
            pairs: pairs.count,
            ...Object.fromEntries(sorts.filter(([, count]) => count > 0)),
          },
        },
      ],
    };
  },
});

function mainUnsolicited(contacts: readonly Contact[]): number {
  return contacts[0].protocol;
}
