/**
 * `fan_out`: many targets, but the connections complete and carry data. Noise, for the allowlist.
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
import { isRaw, readOutcomes } from './outcomes.js';

const config = z.object({
  threshold: z
    .int()
    .min(2)
    .max(65_536)
    .default(100)
    .describe('Distinct targets of one source worth a note'),
  window_s: z.int().min(1).max(60).default(60).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

export const fanOut = defineSourceDetector<Config>({
  id: 'fan_out',
  title: 'Fan-out',
  summary:
    'One source reaches as many targets as an address scan does, but most of its connections ' +
    'complete and carry data: a crawler, a monitor, a search bot, a NAT gateway. Reported once ' +
    'as a candidate for the allowlist. Not a scan.',
  doc: {
    decided:
      "The same count as for `address_scan`, when the outcomes read as a client's: at least half " +
      'of the targets that are decided served it, fewer than the threshold failed, and its SYNs ' +
      'come from an operating system.',
    sources: [
      'Jung, Paxson, Berger, Balakrishnan: Fast Portscan Detection Using Sequential Hypothesis ' +
        'Testing (IEEE S&P 2004): outcomes tell a scanner, rates do not',
    ],
    wrong:
      'A scanner that fetches a page from every host (a vulnerability scanner with a full ' +
      'connection each) is a `fan_out` here as long as most hosts serve it; its payloads are for ' +
      '`version_scan` and `script_scan`.',
  },
  kinds: ['fan_out'],
  mitre: [],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) => window.hasContacts(settings.threshold),
  judge(summary, window, settings, circumstances): Judgement {
    if (summary.targetCount.count < settings.threshold) return NOTHING;
    if (summary.failedTargets >= settings.threshold) return NOTHING;
    const tally = {
      served: summary.servedTargets,
      failed: summary.failedTargets,
      pending: summary.pendingTargets,
    };
    const reading = readOutcomes(tally, isRaw(summary, window), circumstances);
    if (reading !== 'served') return { verdicts: [], undecided: reading === 'undecided' };
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'fan_out',
          target: null,
          source: null,
          count: summary.targetCount.count,
          exact: summary.targetCount.exact,
          threshold: settings.threshold,
          confidence: 0.8,
          reasons: [`+ ${summary.servedTargets} of ${summary.targets.size} targets served it`],
          severity: 3,
          firstSeenUs: summary.firstSeenUs,
          lastSeenUs: summary.lastSeenUs,
          protocol: mainProtocol(summary.contacts),
          probe: probesOf(summary.contacts)[0],
          evidence: {
            served_targets: summary.servedTargets,
            outcomes: outcomeCounts(summary.contacts),
          },
        },
      ],
    };
  },
});
