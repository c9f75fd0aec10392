/**
 * `random_scan`: many (target, port) pairs, with neither many targets nor many ports of one: a
 * block scan.
 */
import * as z from 'zod';
import {
  defineSourceDetector,
  type Judgement,
  mainProtocol,
  NOTHING,
  outcomeCounts,
  probesOf,
} from '../../plugin-api/src/index.js';
import { explain, isRaw, readOutcomes } from './outcomes.js';

const config = z.object({
  threshold: z
    .int()
    .min(2)
    .max(65_536)
    .default(250)
    .describe('Distinct (target, port) pairs of one source that make a scan'),
  targets_max: z
    .int()
    .min(2)
    .max(65_536)
    .default(100)
    .describe('Distinct targets from which on it is an address scan instead'),
  ports_max: z
    .int()
    .min(2)
    .max(65_536)
    .default(100)
    .describe('Distinct ports of one target from which on it is a port scan instead'),
  window_s: z.int().min(1).max(60).default(60).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

export const randomScan = defineSourceDetector<Config>({
  id: 'random_scan',
  title: 'Random scan',
  summary:
    'One source tries many distinct (address, port) pairs inside the window although neither its ' +
    'targets nor the ports of any one target reach their own thresholds: a block of hosts by a ' +
    'block of ports.',
  doc: {
    decided:
      'Distinct (target, protocol, port) are counted. From `targets_max` targets, or `ports_max` ' +
      'ports of one target, the finding is left to the other two kinds. As many failed pairs as ' +
      'the threshold settle it; below that the outcomes decide, as described above, pair by ' +
      'pair.',
    sources: [
      'Zeek `ncsa/bro-simple-scan`: Random_Scan beside Address_Scan and Port_Scan',
      'Jung, Paxson, Berger, Balakrishnan: Fast Portscan Detection Using Sequential Hypothesis ' +
        'Testing (IEEE S&P 2004): outcomes tell a scanner, rates do not',
    ],
    wrong:
      'Silent on smaller blocks, which only `slow_scan` sees when they take longer than a ' +
      'minute. False for a client of many services of which most are down.',
  },
  kinds: ['random_scan'],
  mitre: ['T1046', 'T1595.001'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) => window.hasContacts(settings.threshold),
  judge(summary, window, settings, circumstances): Judgement {
    if (summary.pairCount.count < settings.threshold) return NOTHING;
    if (summary.targetCount.count >= settings.targets_max) return NOTHING;
    for (const tally of summary.targets.values()) {
      if (
        window.portCount(tally.target, tally.contacts, summary.sinceUs).count >= settings.ports_max
      )
        return NOTHING;
    }
    const reading =
      summary.failed >= settings.threshold
        ? 'scan'
        : readOutcomes(summary, isRaw(summary, window), circumstances);
    if (reading !== 'scan') return { verdicts: [], undecided: reading === 'undecided' };
    const { confidence, reasons } = explain(summary, window, circumstances, 0.6);
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'random_scan',
          target: null,
          source: null,
          count: summary.pairCount.count,
          exact: summary.pairCount.exact,
          threshold: settings.threshold,
          confidence,
          reasons,
          severity: 2,
          firstSeenUs: summary.firstSeenUs,
          lastSeenUs: summary.lastSeenUs,
          protocol: mainProtocol(summary.contacts),
          probe: probesOf(summary.contacts)[0],
          evidence: {
            targets: summary.targetCount.count,
            pairs: summary.pairCount.count,
            outcomes: outcomeCounts(summary.contacts),
          },
        },
      ],
    };
  },
});
