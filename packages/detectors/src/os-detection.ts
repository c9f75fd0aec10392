/** `os_detection`: Nmap -O's packet series. */
import * as z from 'zod';
import {
  defineSourceDetector,
  type Judgement,
  NOTHING,
  Trait,
} from '../../plugin-api/src/index.js';
import { aboutContacts, onlyTarget } from './source-verdict.js';

const config = z.object({
  threshold: z
    .int()
    .min(2)
    .max(10)
    .default(3)
    .describe('Different probes of the series one source must send'),
  window_s: z.int().min(1).max(86_400).default(600).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

const PROBES = {
  seq: Trait.osSeq,
  ecn: Trait.osEcn,
  t2: Trait.osT2,
  t3: Trait.osT3,
  t4: Trait.osT4,
  t5: Trait.osT5,
  t6: Trait.osT6,
  t7: Trait.osT7,
  ie: Trait.osIe,
  u1: Trait.osU1,
} as const;
const ALL = Object.values(PROBES).reduce<number>((bits, bit) => bits | bit, 0);

export const osDetection = defineSourceDetector<Config>({
  id: 'os_detection',
  title: 'OS detection',
  summary:
    "One source sends Nmap -O's packet series to learn a host's operating system from how it " +
    'answers.',
  doc: {
    decided:
      'Each probe is recognised by itself, in any order, over IPv4 and IPv6: the SYNs of the ' +
      'sequence test and T2 to T7 by window, flags and a time stamp of 0xffffffff, ECN by window ' +
      '3 and urgent pointer 0xf7f5, IE by code 9 and sequence 295 or by TOS 4 and 150 bytes, U1 ' +
      'by 300 bytes of "C". So many different ones of the ten, sent while the source is ' +
      'remembered, settle it.',
    sources: ['Nmap `osscan2.cc` and `FPEngine.cc` (IPv6)', 'Lyon: Nmap Network Scanning, ch. 8'],
    wrong:
      'Silent on other tools (p0f and the like listen only; Xprobe2 sends ordinary probes) and ' +
      'on an Nmap changed to send other values. Against a host without an open or a closed port ' +
      "Nmap sends only a part, which is enough from three on. The source's probes to all targets " +
      'are taken together.',
  },
  kinds: ['os_detection'],
  mitre: ['T1595.002', 'T1046'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window) => (window.traits & ALL) !== 0,
  judge(summary, window, settings): Judgement {
    const sent = Object.entries(PROBES)
      .filter(([, bit]) => (window.traits & bit) !== 0)
      .map(([name]) => name);
    if (sent.length < settings.threshold) return NOTHING;
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'os_detection',
          target: onlyTarget(summary.contacts),
          count: sent.length,
          exact: true,
          threshold: settings.threshold,
          confidence: Math.min(0.99, 0.8 + 0.03 * sent.length),
          reasons: [`+ ${sent.length} of the ten probes of Nmap -O: ${sent.join(', ')}`],
          severity: 2,
          ...aboutContacts([], summary, window),
          evidence: { probes: sent },
        },
      ],
    };
  },
});
