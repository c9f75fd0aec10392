/**
 * Evasions that single packets show and counters add up: `bad_checksum`, `fragmented_probe`,
 * `trusted_source_port`. One shape, three detectors.
 */
import * as z from 'zod';
import {
  defineSourceDetector,
  type Judgement,
  type Kind,
  NOTHING,
  SourceCounter,
  type SourceDetector,
  type SourceSummary,
  type SourceWindow,
} from '../../plugin-api/src/index.js';
import { explain } from './outcomes.js';
import { aboutContacts, onlyTarget } from './source-verdict.js';

interface CounterConfig {
  threshold: number;
  window_s: number;
}

interface Evasion {
  kind: Kind;
  title: string;
  summary: string;
  threshold: number;
  what: string;
  counters: Record<string, number>;
  /** Whether the count is one of an evasion, given the rest of what the source sends. */
  holds?(count: number, window: SourceWindow, summary: SourceSummary): boolean;
}

function evasionDetector(evasion: Evasion): SourceDetector<CounterConfig> {
  const counters = Object.values(evasion.counters);
  const config = z.object({
    threshold: z.int().min(1).max(65_536).default(evasion.threshold).describe(evasion.what),
    window_s: z.int().min(1).max(86_400).default(600).describe('Window in seconds of packet time'),
  });
  return defineSourceDetector<CounterConfig>({
    id: evasion.kind,
    title: evasion.title,
    summary: evasion.summary,
    kinds: [evasion.kind],
    mitre: ['T1595.001', 'T1562'],
    config,
    entity: 'source',
    windowS: (settings) => settings.window_s,
    concerns: (window, settings) =>
      counters.reduce((sum, counter) => sum + window.total(counter), 0) >= settings.threshold,
    judge(summary, window, settings, circumstances): Judgement {
      const counts = Object.entries(evasion.counters).map(([name, c]): [string, number] => [
        name,
        window.total(c),
      ]);
      const count = counts.reduce((sum, [, hits]) => sum + hits, 0);
      if (count < settings.threshold || summary.contacts.length === 0) return NOTHING;
      if (evasion.holds !== undefined && !evasion.holds(count, window, summary)) return NOTHING;
      const { confidence, reasons } = explain(summary, window, circumstances, 0.75);
      return {
        undecided: false,
        verdicts: [
          {
            kind: evasion.kind,
            target: onlyTarget(summary.contacts),
            count,
            exact: true,
            threshold: settings.threshold,
            confidence,
            reasons: [`+ ${count} probes: ${evasion.title.toLowerCase()}`, ...reasons],
            severity: 2,
            ...aboutContacts([], summary, window),
            evidence: Object.fromEntries(counts.filter(([, hits]) => hits > 0)),
          },
        ],
      };
    },
  });
}

const PROBES = [
  SourceCounter.syn,
  SourceCounter.fin,
  SourceCounter.null,
  SourceCounter.xmas,
  SourceCounter.ack,
  SourceCounter.maimon,
  SourceCounter.oddFlags,
  SourceCounter.udp,
  SourceCounter.icmpEcho,
  SourceCounter.icmpTimestamp,
  SourceCounter.icmpMask,
  SourceCounter.icmpOther,
  SourceCounter.sctpInit,
  SourceCounter.sctpCookieEcho,
  SourceCounter.ipProtocol,
];

/** Damage on the way hits few packets; a tool spoils all of them. */
const SPOILED_SHARE = 0.3;

export const badChecksum = evasionDetector({
  kind: 'bad_checksum',
  title: 'Bad checksum',
  summary:
    'Probes whose TCP, UDP, ICMP or SCTP checksum is wrong: a firewall that does not verify it ' +
    'answers, a host would not. Every checksum is classified by arithmetic: what a NIC with ' +
    'transmit offload leaves (the uncomplemented pseudo-header sum) never counts, Nmap --badsum ' +
    'is recognised by its own formula, anything else must be a large share of what the source ' +
    'sends to count.',
  threshold: 5,
  what: 'Probes of one source with a wrong checksum',
  counters: { nmap_badsum: SourceCounter.nmapBadsum, wrong: SourceCounter.badChecksum },
  holds: (count, window) =>
    window.total(SourceCounter.nmapBadsum) >= 3 ||
    count >=
      SPOILED_SHARE * PROBES.reduce<number>((sum, counter) => sum + window.total(counter), 0),
});

export const fragmentedProbe = evasionDetector({
  kind: 'fragmented_probe',
  title: 'Fragmented probe',
  summary:
    'Probes whose transport header is split over IP fragments, or whose fragments overlap (Nmap ' +
    '-f, -ff, --mtu; RFC 1858, RFC 8200 §4.5). The probe is put together and counts in the scan ' +
    'kinds as well. Large honest datagrams, whose first fragment holds the whole header, do not ' +
    'count.',
  threshold: 3,
  what: 'Probes of one source with a split transport header or overlapping fragments',
  counters: { tiny: SourceCounter.fragmentTiny, overlapping: SourceCounter.fragmentOverlap },
});

export const trustedSourcePort = evasionDetector({
  kind: 'trusted_source_port',
  title: 'Trusted source port',
  summary:
    'Probes from a source port that packet filters like to trust (53, 88, 20, 67, 123) to ports ' +
    'that no such service would talk to (Nmap -g). Answers of DNS and NTP, and questions from ' +
    'port 53 to port 53, do not count.',
  threshold: 5,
  what: 'Probes of one source from a trusted source port',
  counters: { packets: SourceCounter.trustedSourcePort },
  holds: (count, _window, summary) =>
    count >= 5 &&
    summary.failed + summary.pending + summary.served > 0 &&
    summary.failed >= summary.served,
});
