/** `port_scan`: one source reaches many ports of one target. */
import * as z from 'zod';
import {
  defineSourceDetector,
  type Judgement,
  mainProtocol,
  outcomeCounts,
  probesOf,
  type SourceWindow,
  type TargetTally,
  type Verdict,
} from '../../plugin-api/src/index.js';
import { explain, isRaw, readOutcomes } from './outcomes.js';

const config = z.object({
  threshold: z
    .int()
    .min(2)
    .max(65_536)
    .default(100)
    .describe('Distinct ports of one target that make a scan'),
  window_s: z.int().min(1).max(60).default(60).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

/** Protocols whose contact "port" is a port. */
const PORT_PROTOCOLS = new Set([6, 17, 132]);

export const portScan = defineSourceDetector<Config>({
  id: 'port_scan',
  title: 'Port scan',
  summary:
    'One source reaches many distinct TCP, UDP or SCTP ports of one protected address inside the ' +
    'window.',
  doc: {
    decided:
      'Distinct (protocol, port) of one target are counted, whatever the probe: a SYN, a FIN and ' +
      'a datagram to different ports add up. As many failed ports as the threshold settle it; ' +
      'below that the outcomes decide, as described above: a source most of whose ports carried ' +
      'data is a client (passive FTP, media servers). Bare IP protocols and ICMP types are no ' +
      'ports.',
    sources: [
      'Jung, Paxson, Berger, Balakrishnan: Fast Portscan Detection Using Sequential Hypothesis ' +
        'Testing (IEEE S&P 2004): outcomes tell a scanner, rates do not',
      'Zeek `ncsa/bro-simple-scan`: Port_Scan',
    ],
    wrong:
      'Silent on fewer ports than the threshold in a minute: `nmap -F` tries 100, `--top-ports ' +
      '50` only the other kinds see. Silent on UDP ports that got eight packets and no answer, ' +
      'which count as streams. At most 64 targets of one source are reported; more are counted ' +
      'as `findings_suppressed`.',
  },
  kinds: ['port_scan'],
  mitre: ['T1046', 'T1595.001'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) => window.hasContacts(settings.threshold),
  judge(summary, window, settings, circumstances): Judgement {
    const verdicts: Verdict[] = [];
    let undecided = false;
    const raw = isRaw(summary, window);
    // The same of every target, and made when the first is found.
    let explained: ReturnType<typeof explain> | null = null;
    for (const tally of summary.targets.values()) {
      const { length } = tally.contacts;
      if (length < settings.threshold && !window.hasUnlistedPorts(tally.target)) continue;
      const contacts = tally.contacts.filter((c) => PORT_PROTOCOLS.has(c.protocol));
      const ports = window.portCount(tally.target, contacts, summary.sinceUs);
      if (ports.count < settings.threshold) continue;
      const reading =
        tally.failed >= settings.threshold ? 'scan' : readOutcomes(tally, raw, circumstances);
      if (reading === 'undecided') undecided = true;
      if (reading !== 'scan') continue;
      explained ??= explain(summary, window, circumstances, 0.65);
      verdicts.push({
        kind: 'port_scan',
        target: tally.target,
        source: null,
        count: ports.count,
        exact: ports.exact,
        threshold: settings.threshold,
        ...explained,
        severity: 2,
        ...spanOf(tally, window),
        protocol: mainProtocol(contacts),
        probe: probesOf(contacts)[0],
        evidence: { ports: ports.count, outcomes: outcomeCounts(contacts), ...sourcePorts(window) },
      });
    }
    return { verdicts, undecided };
  },
});

function spanOf(tally: TargetTally, window: SourceWindow) {
  let firstSeenUs = Number.POSITIVE_INFINITY;
  let lastSeenUs = window.unlistedLastUs(tally.target);
  for (const contact of tally.contacts) {
    firstSeenUs = Math.min(firstSeenUs, contact.firstUs);
    lastSeenUs = Math.max(lastSeenUs, contact.lastUs);
  }
  return { firstSeenUs, lastSeenUs };
}

function sourcePorts(window: SourceWindow): Record<string, number> {
  return { source_port_min: window.sourcePortMin, source_port_max: window.sourcePortMax };
}
