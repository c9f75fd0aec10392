/** `scanner_signature`: probes that carry a stateless scanner's mark, however few. */
import * as z from 'zod';
import {
  defineSourceDetector,
  guessTools,
  type Judgement,
  NOTHING,
  SourceCounter,
  type SourceWindow,
  type ToolGuess,
} from '../../plugin-api/src/index.js';
import { outcomeCounts } from './outcomes.js';
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

export const scannerSignature = defineSourceDetector<Config>({
  id: 'scanner_signature',
  title: 'Scanner signature',
  summary:
    'At least three probes of one source carry the mark of a stateless scanner: Masscan (IP ID = ' +
    'destination ^ port ^ sequence), ZMap (IP ID 54321, or the derived ID and Windows-like ' +
    'options of 4.1), Mirai (sequence = destination), unicornscan; or ten different things are ' +
    "probed with packets that only Nmap's raw socket sends. An Internet-wide scan sends so " +
    'little to one network that no threshold of targets would ever see it.',
  kinds: ['scanner_signature'],
  mitre: ['T1595.001'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) =>
    Object.values(MARKS).some((mark) => window.total(mark) >= settings.threshold) ||
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
