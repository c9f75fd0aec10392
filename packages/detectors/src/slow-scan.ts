/** `slow_scan`: a scan under every fast threshold, seen over hours. */
import * as z from 'zod';
import {
  type Circumstances,
  defineHistoryDetector,
  type HistorySummary,
  type Judgement,
  NOTHING,
  SCANNER_AT,
  type SourceHistory,
} from '../../plugin-api/src/index.js';

const config = z.object({
  threshold: z
    .int()
    .min(5)
    .max(1024)
    .default(20)
    .describe(
      "Distinct (target, port) pairs that failed a source with a user-space stack or a tool's mark",
    ),
  ordinary_threshold: z
    .int()
    .min(5)
    .max(1024)
    .default(30)
    .describe("The same for a source with an operating system's stack"),
  horizons_s: z
    .array(z.int().min(60).max(604_800))
    .min(1)
    .max(5)
    .default([600, 3600, 86_400])
    .describe('Horizons in seconds of packet time, shortest first'),
  // One and a half fast windows: two bursts of which each is under the fast thresholds, and which
  // no fast window holds together, are not slow yet.
  span_min_s: z
    .int()
    .min(0)
    .max(86_400)
    .default(90)
    .describe('Seconds the failed contacts must span: shorter is a fast scan, for other detectors'),
  repeats_max: z
    .number()
    .min(0)
    .max(1000)
    .default(3)
    .describe(
      'Tries after the first per failed contact; more is a client that waits for a service to ' +
        'come back',
    ),
});
type Config = z.infer<typeof config>;

export const slowScan = defineHistoryDetector<Config>({
  id: 'slow_scan',
  title: 'Slow scan',
  summary:
    'One source fails at many distinct (address, port) pairs over ten minutes, an hour or a day, ' +
    'without ever crossing a threshold of a minute.',
  doc: {
    decided:
      'Every contact whose outcome is decided moves a sequential hypothesis test: served with ' +
      'probability 0.8 for a benign source and 0.2 for a scanner, silence and unreachable ' +
      "weighing a fifth more than a refusal. A source with an operating system's stack must be a " +
      'scanner by that test (detection 0.99, false alarm 0.01), must not keep retrying, and ' +
      'answers must pass the sensor; one with a user-space stack or a mark is believed without ' +
      'it. Then the distinct failed contacts of the shortest horizon that has enough of them ' +
      "count, from the last crossing of a minute's threshold on. Up to 1,024 failed contacts of " +
      'a source are remembered.',
    sources: [
      'Jung, Paxson, Berger, Balakrishnan: Fast Portscan Detection Using Sequential Hypothesis ' +
        'Testing (IEEE S&P 2004): outcomes tell a scanner, rates do not; here over distinct ' +
        'contacts instead of first contacts',
    ],
    wrong:
      'Silent below the threshold of the longest horizon, and on sources forgotten because the ' +
      'memory was full: those whose contacts succeed go first, and both are counted in `stats`. ' +
      'An operator who changes the address for every few probes is seen only by the distributed ' +
      'kinds. False for a client of many services that are down for long, if it tries each only ' +
      'a few times.',
  },
  kinds: ['slow_scan'],
  mitre: ['T1595.001', 'T1046'],
  config,
  entity: 'history',
  windowS: (settings) => Math.max(...settings.horizons_s),
  judge(history, settings, circumstances): Judgement {
    if (!isScanner(history, settings, circumstances)) return NOTHING;
    const threshold = history.raw ? settings.threshold : settings.ordinary_threshold;
    for (const horizonS of settings.horizons_s) {
      const summary = history.summarize(horizonS);
      if (summary.failed < threshold || summary.lastS - summary.firstS < settings.span_min_s)
        continue;
      return { undecided: false, verdicts: [verdictOf(history, summary, threshold)] };
    }
    return NOTHING;
  },
});

function isScanner(
  history: SourceHistory,
  settings: Config,
  { answersVisible }: Circumstances,
): boolean {
  if (history.failedCount < Math.min(settings.threshold, settings.ordinary_threshold)) return false;
  if (history.raw) return true;
  return (
    answersVisible &&
    history.likelihood >= SCANNER_AT &&
    history.repeatRatio <= settings.repeats_max
  );
}

function verdictOf(history: SourceHistory, summary: HistorySummary, threshold: number) {
  const minutes = Math.round((summary.lastS - summary.firstS) / 60);
  return {
    kind: 'slow_scan' as const,
    target: null,
    source: null,
    count: summary.failed,
    exact: true,
    threshold,
    confidence: history.raw ? 0.9 : 0.75,
    reasons: [
      `+ ${summary.failed} distinct contacts failed over ${minutes} min`,
      history.likelihood >= SCANNER_AT
        ? "+ the outcomes are a scanner's (TRW)"
        : '- the outcomes alone do not tell',
      ...(history.raw ? ['+ probes from a user-space stack, or marked'] : []),
    ],
    severity: 2 as const,
    firstSeenUs: summary.firstS * 1e6,
    lastSeenUs: summary.lastS * 1e6,
    protocol: 6,
    probe: 'syn',
    evidence: {
      horizon_s: summary.horizonS,
      targets: summary.failedTargets,
      ports: summary.failedPorts,
      likelihood: Math.round(history.likelihood * 10) / 10,
      repeats_per_contact: Math.round(history.repeatRatio * 10) / 10,
    },
  };
}
