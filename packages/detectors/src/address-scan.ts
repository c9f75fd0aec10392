/** `address_scan`: one source reaches many targets. Copy this file to add a detector. */
import * as z from 'zod';
import {
  type Circumstances,
  defineSourceDetector,
  type Judgement,
  mainProtocol,
  NOTHING,
  outcomeCounts,
  probesOf,
  type SourceSummary,
  type SourceWindow,
} from '../../plugin-api/src/index.js';
import { explain, isRaw, readOutcomes } from './outcomes.js';

const config = z.object({
  threshold: z
    .int()
    .min(2)
    .max(65_536)
    .default(100)
    .describe('Distinct targets of one source that make a scan'),
  window_s: z.int().min(1).max(60).default(60).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

export const addressScan = defineSourceDetector<Config>({
  id: 'address_scan',
  title: 'Address scan',
  summary:
    'One source reaches many distinct protected addresses inside the window, with any probe ' +
    'type. When most of them serve it, the same crossing is a `fan_out`.',
  doc: {
    decided:
      'Distinct targets are counted, however many ports each was tried on; a target serves the ' +
      'source when any contact with it does. As many failed targets as the threshold settle it. ' +
      'Below that the outcomes decide, as described above, target by target.',
    sources: [
      'Jung, Paxson, Berger, Balakrishnan: Fast Portscan Detection Using Sequential Hypothesis ' +
        'Testing (IEEE S&P 2004): outcomes tell a scanner, rates do not',
      'Zeek and `ncsa/bro-simple-scan`: exact distinct counts of one source in a window',
    ],
    wrong:
      'Silent on fewer targets than the threshold in every window: `slow_scan` and ' +
      '`scanner_signature` look for those. An address behind which many people sit (NAT) is one ' +
      'source. False for a client whose many servers all went away while it goes on calling ' +
      'them; an allowlist entry says so in the finding.',
  },
  kinds: ['address_scan'],
  mitre: ['T1595.001', 'T1018'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) => window.hasContacts(settings.threshold),
  judge(summary, window, settings, circumstances): Judgement {
    if (summary.targetCount.count < settings.threshold) return NOTHING;
    const reading = readTargets(summary, window, settings, circumstances);
    if (reading !== 'scan') return { verdicts: [], undecided: reading === 'undecided' };
    const { confidence, reasons } = explain(summary, window, circumstances, 0.65);
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'address_scan',
          target: null,
          source: null,
          count: summary.targetCount.count,
          exact: summary.targetCount.exact,
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
            served_targets: summary.servedTargets,
            outcomes: outcomeCounts(summary.contacts),
          },
        },
      ],
    };
  },
});

/** Many targets of which most are served are a client's, unless enough others are not. */
function readTargets(
  summary: SourceSummary,
  window: SourceWindow,
  settings: Config,
  circumstances: Circumstances,
) {
  if (summary.failedTargets >= settings.threshold) return 'scan';
  return readOutcomes(
    {
      served: summary.servedTargets,
      failed: summary.failedTargets,
      pending: summary.pendingTargets,
    },
    isRaw(summary, window),
    circumstances,
  );
}
