/**
 * `syn_flood`: many SYNs at one service, or from sources seen once, that nobody means to use.
 * Noise, and it must hide no scan.
 */
import * as z from 'zod';
import {
  defineTargetDetector,
  isScattered,
  type Judgement,
  NOTHING,
  SCATTER_SAMPLE,
  TargetCounter,
} from '../../plugin-api/src/index.js';

const config = z.object({
  syns_min: z
    .int()
    .min(64)
    .max(10_000_000)
    .default(1000)
    .describe('SYNs to one target in the window'),
  rate_min: z
    .int()
    .min(64)
    .max(10_000_000)
    .default(200)
    .describe('SYNs to one target in its busiest epoch'),
  established_share_max: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Share of those SYNs that may become connections'),
  port_share_min: z
    .number()
    .min(0)
    .max(1)
    .default(0.6)
    .describe('Share of those SYNs that must go to one port, unless each source is seen once'),
  source_share_min: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('Sources per SYN that make it a flood over any ports, if they are from all over'),
  window_s: z.int().min(1).max(60).default(60).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

/** Of all that comes in: an ordinary connection has some five packets for its SYN. */
const SYN_SHARE_MIN = 0.5;

export const synFlood = defineTargetDetector<Config>({
  id: 'syn_flood',
  title: 'SYN flood',
  summary:
    'One protected address gets many SYNs, fast, of which hardly any becomes a connection: at ' +
    'one port, or from spoofed sources (each seen once) at any. A denial of service, not a scan.',
  doc: {
    decided:
      'Enough SYNs in the window and in its busiest epoch, few connections, and either enough of ' +
      'the SYNs to one port, or hardly two from one source and hardly two sources from one /16 ' +
      '(IPv6: /32). Sources seen only inside the flood are counted at the target instead of one ' +
      'by one, so that they do not crowd out a scanner. A flood of which no host gets that much ' +
      'is told once for all its hosts, by no setting: more than 150 SYNs a second of one stack, ' +
      'each from a source of its own, hardly two of one network, that take no answer. It counts ' +
      'what it heard of, which is no exact count.',
    sources: [
      'RFC 4987: TCP SYN flooding attacks and common mitigations',
      'Moore, Voelker, Savage: Inferring Internet Denial-of-Service Activity (USENIX Security ' +
        '2001)',
    ],
    wrong:
      'Silent on floods over many ports of one target from sources that come again, which look ' +
      'like port scans from many sources, on floods slower than the rate, on those over ' +
      'many hosts that vary their SYNs, and, where no answer of ours passes the sensor, on those ' +
      'that are less than half of what comes in. False for a ' +
      'service that is down while its real clients keep calling, and for a scan whose every ' +
      'probe comes from another source of another network.',
  },
  kinds: ['syn_flood'],
  mitre: ['T1498.001', 'T1499.001'],
  config,
  entity: 'target',
  windowS: (settings) => settings.window_s,
  judge(window, settings, { answersVisible }): Judgement {
    const syns = window.counter(TargetCounter.syns);
    if (syns.sum < settings.syns_min || syns.max < settings.rate_min) return NOTHING;
    const established = window.counter(TargetCounter.established).sum;
    if (established > settings.established_share_max * syns.sum) return NOTHING;
    // Where no answer passes the sensor, every connection looks like that.
    if (!answersVisible && window.synShare() < SYN_SHARE_MIN) return NOTHING;
    const top = window.topPort();
    const sources = window.sourceCount();
    const isOfOnePort = top.share >= settings.port_share_min;
    const isMadeUp = () =>
      sources.count >= settings.source_share_min * syns.sum &&
      isScattered(window.sampleSources(SCATTER_SAMPLE));
    if (!isOfOnePort && !isMadeUp()) return NOTHING;
    const alone = sources.count === 1;
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'syn_flood',
          target: null,
          source: alone ? window.sampleSources(1)[0] : null,
          count: syns.sum,
          exact: true,
          threshold: settings.syns_min,
          confidence: 0.9,
          reasons: [
            `+ ${syns.sum} SYNs, ${established} connections`,
            alone ? '+ from one source' : `+ from ${sources.count} sources`,
            ...(isOfOnePort ? [] : ['+ at many ports, hardly two of them from one source']),
          ],
          severity: 2,
          firstSeenUs: window.firstSeenUs,
          lastSeenUs: window.lastSeenUs,
          protocol: 6,
          probe: 'syn',
          evidence: {
            port: top.port,
            port_share: Math.round(top.share * 1000) / 1000,
            peak_per_epoch: syns.max,
            sources: sources.count,
            sources_exact: sources.exact,
            established,
            answered: window.counter(TargetCounter.synAcks).sum,
            folded: window.counter(TargetCounter.singlesFolded).sum,
          },
        },
      ],
    };
  },
});
