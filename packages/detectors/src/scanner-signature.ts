/** `scanner_signature`: probes that carry a stateless scanner's mark, however few. */
import { z } from 'zod';
import {
  defineSourceDetector, guessTools, type Judgement, NOTHING, SourceCounter, type SourceWindow,
} from '../../plugin-api/src/index.js';
import { outcomeCounts } from './outcomes.js';
import { aboutContacts } from './source-verdict.js';

const config = z.object({
  threshold: z.int().min(2).max(1000).default(3).describe('Marked probes of one source that make a finding'),
  window_s: z.int().min(1).max(86_400).default(3600).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

const MARKS = {
  masscan: SourceCounter.markMasscan, zmap: SourceCounter.markZmap, mirai: SourceCounter.markMirai,
  unicornscan: SourceCounter.markUnicornscan,
} as const;

export const scannerSignature = defineSourceDetector<Config>({
  id: 'scanner_signature',
  title: 'Scanner signature',
  summary:
    'At least three probes of one source carry the mark of a stateless scanner: Masscan (IP ID = destination ^ port ^ ' +
    'sequence), ZMap (IP ID 54321, or the derived ID and Windows-like options of 4.1), Mirai (sequence = destination), ' +
    'unicornscan. An Internet-wide scan sends so little to one network that no threshold of targets would ever see it.',
  kinds: ['scanner_signature'],
  mitre: ['T1595.001'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) => Object.values(MARKS).some((mark) => window.total(mark) >= settings.threshold),
  judge(summary, window, settings): Judgement {
    const tool = guessTools(window).find(({ name }) => name in MARKS);
    const marked = tool === undefined ? 0 : window.total(MARKS[tool.name as keyof typeof MARKS]);
    if (tool === undefined || marked < settings.threshold) return NOTHING;
    return {
      undecided: false,
      verdicts: [{
        kind: 'scanner_signature', target: null, count: marked, exact: true, threshold: settings.threshold,
        confidence: tool.confidence, reasons: [`+ ${marked} of ${candidates(window)} raw probes carry ${tool.name}'s mark`],
        severity: 3, ...aboutContacts([], summary, window),
        evidence: {
          tool: tool.name, marked, candidates: candidates(window), targets: summary.targetCount.count,
          outcomes: outcomeCounts(summary.contacts),
        },
      }],
    };
  },
});

function candidates(window: SourceWindow): number {
  return window.total(SourceCounter.markCandidate);
}
