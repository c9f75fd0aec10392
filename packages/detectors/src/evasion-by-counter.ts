/**
 * Evasions that single packets show and counters add up: `bad_checksum`, `fragmented_probe`,
 * `trusted_source_port`. One shape, three detectors.
 */
import * as z from 'zod';
import {
  defineSourceDetector,
  type Judgement,
  type Kind,
  type KindDoc,
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
  doc: KindDoc;
  threshold: number;
  what: string;
  /** Names and counters that add up to the count. */
  counters: Record<string, number>;
  /** Counters of packets that are among those already: for the evidence only. */
  amongThem?: Record<string, number>;
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
    doc: evasion.doc,
    kinds: [evasion.kind],
    mitre: ['T1595.001', 'T1562'],
    config,
    entity: 'source',
    windowS: (settings) => settings.window_s,
    concerns: (window, settings) => window.totals(counters) >= settings.threshold,
    judge(summary, window, settings, circumstances): Judgement {
      const count = window.totals(counters);
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
            evidence: totals({ ...evasion.counters, ...evasion.amongThem }, window),
          },
        ],
      };
    },
  });
}

/** Totals by name, those that are not 0. */
function totals(counters: Record<string, number>, window: SourceWindow): Record<string, number> {
  const named = Object.entries(counters).map(([name, counter]): [string, number] => [
    name,
    window.total(counter),
  ]);
  return Object.fromEntries(named.filter(([, hits]) => hits > 0));
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
    'Probes whose TCP, UDP, ICMP, SCTP or IP checksum is wrong on purpose: a middle box that ' +
    'does not verify it answers, a host would not.',
  doc: {
    decided:
      'Every checksum is classified by arithmetic: what a NIC with transmit offload leaves (the ' +
      'uncomplemented pseudo-header sum, or zero) never counts, Nmap --badsum is recognised by ' +
      'its own formula. Three of the latter are enough beside the threshold; otherwise the wrong ' +
      "ones must be three tenths of all the source's probes, since damage on the way hits few " +
      'packets. Counted for as long as the source is remembered.',
    sources: [
      'RFC 1071, RFC 9260 appendix A (CRC32c)',
      "Nmap `tcpip.cc`: --badsum takes one from the sum's high byte",
      'Linux `include/linux/skbuff.h`, CHECKSUM_PARTIAL: what offload leaves',
      'Ed3f: Firewall spotting with broken CRC (Phrack 60, 2002)',
    ],
    wrong:
      'Silent on truncated packets, whose sum cannot be tested, and below the threshold. A ' +
      "broken router that spoils a third of a client's packets is reported as that client.",
  },
  threshold: 5,
  what: 'Probes of one source with a wrong checksum',
  counters: { wrong: SourceCounter.badChecksum },
  amongThem: { nmap_badsum: SourceCounter.nmapBadsum },
  holds: (count, window) =>
    window.total(SourceCounter.nmapBadsum) >= 3 || count >= SPOILED_SHARE * window.totals(PROBES),
});

export const fragmentedProbe = evasionDetector({
  kind: 'fragmented_probe',
  title: 'Fragmented probe',
  summary:
    'Probes whose transport header is split over IP fragments, or whose fragments overlap. The ' +
    'probe is put together and counts in the scan kinds as well.',
  doc: {
    decided:
      'A fragment that ends before the transport header does, and fragments that cover the same ' +
      'bytes, are seen when the datagram is put together; both on one probe count twice. Large ' +
      'honest datagrams, whose first fragment holds the whole header, do not count. Counted for ' +
      'as long as the source is remembered.',
    sources: [
      'RFC 1858 and RFC 3128: tiny and overlapping fragments',
      'RFC 8200 §4.5, RFC 5722: overlaps are forbidden in IPv6',
      'Ptacek, Newsham: Insertion, Evasion, and Denial of Service (1998)',
      'Nmap `tcpip.cc`: -f sends 8 bytes a fragment, -ff 16, --mtu as asked',
    ],
    wrong:
      'Silent below the threshold, and on probes whose other fragments never come. Honest ' +
      'fragments hold the whole header, since every path carries 68 bytes (RFC 791).',
  },
  threshold: 3,
  what: 'Probes of one source with a split transport header or overlapping fragments',
  counters: { tiny: SourceCounter.fragmentTiny, overlapping: SourceCounter.fragmentOverlap },
});

export const trustedSourcePort = evasionDetector({
  kind: 'trusted_source_port',
  title: 'Trusted source port',
  summary:
    'Probes from a source port that packet filters like to trust (53, 88, 20, 67, 123) to ports ' +
    'that no such service would talk to.',
  doc: {
    decided:
      'SYNs from 53, 88 and 123 to another port than their own, from 20 to a port below 1,024, ' +
      'and any from 67; datagrams from those ports to a service port, or empty, or (from 53) not ' +
      'marked as an answer. Answers of DNS and NTP, servers among themselves, active FTP and ' +
      'DHCP do not count. No more contacts may have served the source than failed it. Counted ' +
      'for as long as the source is remembered.',
    sources: [
      'Nmap -g: Lyon, Nmap Network Scanning, ch. 10',
      'RFC 959 §3.2, RFC 1035 §4.1.1, RFC 2131, RFC 5905: what the services send',
    ],
    wrong:
      'Silent below the threshold, on a source that mixes in as many served contacts, and on ' +
      'other ports. Old DHCP relays and NAT devices that keep low source ports can make a few.',
  },
  threshold: 5,
  what: 'Probes of one source from a trusted source port',
  counters: { packets: SourceCounter.trustedSourcePort },
  holds: (_count, _window, summary) => summary.failed >= summary.served,
});
