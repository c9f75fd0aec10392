/** `scanner_signature`: probes that carry a stateless scanner's mark, however few. */
import * as z from 'zod';
import {
  defineSourceDetector,
  guessTools,
  type Judgement,
  NOTHING,
  outcomeCounts,
  SourceCounter,
  type SourceWindow,
  type ToolGuess,
} from '../../plugin-api/src/index.js';
import { aboutContacts } from './source-verdict.js';

const config = z.object({
  threshold: z
    .int()
    .min(2)
    .max(1000)
    .default(3)
    .describe('Marked probes of one source that make a finding'),
  nmap_threshold: z
    .int()
    .min(3)
    .max(1000)
    .default(10)
    .describe("Distinct (target, port) pairs that one source probes with Nmap's raw packets"),
  window_s: z.int().min(1).max(86_400).default(3600).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

const MARKS = {
  masscan: SourceCounter.markMasscan,
  zmap: SourceCounter.markZmap,
  mirai: SourceCounter.markMirai,
  unicornscan: SourceCounter.markUnicornscan,
} as const;
const MARK_COUNTERS = Object.values(MARKS);

export const scannerSignature = defineSourceDetector<Config>({
  id: 'scanner_signature',
  title: 'Scanner signature',
  summary:
    'Probes of one source carry the mark that a scanner leaves in every packet. An Internet-wide ' +
    'scan sends so little to one network that no threshold of targets would ever see it.',
  doc: {
    decided:
      'The mark must be in at least `threshold` probes, never fewer than three, and in three ' +
      'tenths of those that could carry it. Masscan: IP identification = low half of target ^ ' +
      'port ^ sequence value. ZMap: identification 54321, or from 4.1 its copied option list ' +
      'with window 65535, TTL 64 and no DF. Mirai: sequence number = target. Nmap is reported ' +
      'from `nmap_threshold` different (target, port) on, and only by its raw packets: its ' +
      'window and MSS with one sequence value for the whole run, or its random TTLs of 37 to 59. ' +
      'Marked probes are counted for as long as the source is remembered, an hour after its last ' +
      'packet with default windows. Each mark, and what was only read in source code, is in the ' +
      'list of tools below.',
    sources: [
      'masscan `src/templ-pkt.c`, ZMap `src/probe_modules/packet.c` and `src/send.c`, Mirai ' +
        '`bot/scanner.c`, Nmap `scan_engine_raw.cc` and `tcpip.cc`',
      'Durumeric, Bailey, Halderman: An Internet-Wide View of Internet-Wide Scanning (USENIX ' +
        'Security 2014)',
    ],
    wrong:
      'Silent on tools built or patched to leave no mark, on masscan over UDP ports without a ' +
      'known payload, and on unicornscan, whose key takes several packets to see. Two chance ' +
      'matches of a 16-bit mark are one in 2^32; three are asked for. Research scanners carry ' +
      'the mark as well: the finding says what was sent, not who may.',
  },
  kinds: ['scanner_signature'],
  mitre: ['T1595.001'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) =>
    MARK_COUNTERS.some((mark) => window.total(mark) >= settings.threshold) ||
    (window.hasContacts(settings.nmap_threshold) && window.ttlMax - window.ttlMin > 5),
  judge(summary, window, settings): Judgement {
    const guesses = guessTools(window);
    const tool = guesses.find(({ name }) => name in MARKS) ?? surelyNmap(guesses);
    if (tool === undefined) return NOTHING;
    const stateless = tool.name in MARKS;
    const marked = stateless
      ? window.total(MARKS[tool.name as keyof typeof MARKS])
      : summary.contacts.length;
    const threshold = stateless ? settings.threshold : settings.nmap_threshold;
    if (marked < threshold) return NOTHING;
    const what = stateless ? 'probes carry the mark' : 'things probed with raw packets';
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'scanner_signature',
          target: null,
          count: marked,
          exact: true,
          threshold,
          confidence: tool.confidence,
          reasons: [`+ ${marked} ${what} of ${tool.name}`],
          severity: 3,
          ...aboutContacts([], summary, window),
          evidence: {
            tool: tool.name,
            marked,
            candidates: candidates(window),
            targets: summary.targetCount.count,
            outcomes: outcomeCounts(summary.contacts),
          },
        },
      ],
    };
  },
});

/** Nmap by its raw packets; a guess from how connections behave is not enough. */
function surelyNmap(guesses: readonly ToolGuess[]): ToolGuess | undefined {
  return guesses.find(({ name, confidence }) => name === 'nmap' && confidence >= 0.85);
}

function candidates(window: SourceWindow): number {
  return window.total(SourceCounter.markCandidate);
}
