/** `honeyport`: somebody touched what nobody uses. */
import * as z from 'zod';
import {
  type Contact,
  defineSourceDetector,
  fateOf,
  type Judgement,
  NOTHING,
  Outcome,
  outcomeCounts,
  ProbeKind,
  type SourceSummary,
  type SourceWindow,
  type Verdict,
} from '../../plugin-api/src/index.js';
import { isInNetwork, parseNetworks } from './networks.js';
import { SERVED_SHARE } from './outcomes.js';
import { aboutContacts, onlyTarget } from './source-verdict.js';

const config = z.object({
  ports: z
    .array(z.int().min(1).max(65_535))
    .max(1024)
    .default([])
    .describe('TCP and UDP ports that no protected host serves, such as 4444 and 31337'),
  networks: z
    .array(z.string())
    .max(256)
    .default([])
    .describe('Protected networks or addresses (CIDR) that no host uses'),
  threshold: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe('Distinct contacts of one source with them that make a finding'),
  dark_threshold: z
    .int()
    .min(0)
    .max(1000)
    .default(5)
    .describe(
      'Distinct addresses learned to be dark (see `dark_after_s`) that one source must probe to ' +
        'make a finding without any configuration; 0 is never',
    ),
  window_s: z.int().min(1).max(86_400).default(3600).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

const TCP = 6;
const UDP = 17;

export const honeyport = defineSourceDetector<Config>({
  id: 'honeyport',
  title: 'Honeyport',
  summary:
    'A source probed a port or an address that nobody uses: almost never a mistake. Which ones ' +
    'is configured; addresses that never spoke are learned as well, and count for less.',
  doc: {
    decided:
      'Distinct contacts with a configured port (TCP and UDP) or with an address in a configured ' +
      'network are counted. One is enough. Answers and backscatter to such an address do not ' +
      'count. Without one, addresses learned to be dark are counted: of the protected networks, ' +
      'that had sent nothing while the sensor saw answers of protected hosts, for at least ' +
      '`dark_after_s` before the probe, and gave none to it. Sources whose other contacts are ' +
      'mostly served are clients of hosts that went away, and left out. Confidence is 0.95 for ' +
      'what is configured and 0.6 for what is learned; `evidence.basis` says which it was.',
    sources: [
      'Spitzner: Honeypots: Tracking Hackers (2002): what has no production value gets no ' +
        'honest traffic',
      "Zeek's scan-NG package, check-landmine: five addresses of dark space make a scanner",
    ],
    wrong:
      'As right as the configuration: a port that somebody does serve, or an address that a host ' +
      'gets later, makes every client a finding. Mistyped addresses are mistakes of honest ' +
      'people; raise the threshold where that happens. What is learned is silent until a sensor ' +
      'has watched for `dark_after_s`, begins anew when the sensor does or saw no outbound ' +
      'packet for an hour, and each ring of `capture.rings` learns by itself. It takes hosts for ' +
      'dark whose packets take another way than past the sensor, and broadcast addresses; up to ' +
      '6 % of dark addresses count as used where 65,536 hosts speak. Inside, a DHCP server that ' +
      'pings an address before it offers it, and an inventory of the network, probe dark space ' +
      'honestly: they belong in the `allowlist`.',
  },
  kinds: ['honeyport'],
  mitre: ['T1046', 'T1595.001'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (window, settings) =>
    settings.ports.length + settings.networks.length > 0 || mayHaveDark(window, settings),
  judge(summary, window, settings, circumstances): Judgement {
    const networks = parseNetworks(settings.networks);
    const touched = summary.contacts.filter((contact) => isBait(contact, settings, networks));
    if (touched.length >= settings.threshold) {
      return only({
        ...aboutBait(touched, summary, window, 'configured'),
        count: touched.length,
        threshold: settings.threshold,
        confidence: 0.95,
        reasons: [`+ ${touched.length} contacts with what nobody uses`],
      });
    }
    if (!mayHaveDark(window, settings)) return NOTHING;
    const { nowUs, atEnd } = circumstances;
    const dark = summary.contacts.filter(isDark);
    const silent = dark.filter((contact) => fateOf(contact, nowUs, atEnd) === 'failed');
    const count = new Set(silent.map(({ target }) => target)).size;
    if (count < settings.dark_threshold || isClient(summary))
      return { undecided: silent.length < dark.length, verdicts: [] };
    return only({
      ...aboutBait(silent, summary, window, 'learned'),
      count,
      threshold: settings.dark_threshold,
      confidence: 0.6,
      reasons: [`+ ${count} addresses that never spoke`, '- learned, not configured'],
    });
  },
});

function only(verdict: Verdict): Judgement {
  return { undecided: false, verdicts: [verdict] };
}

/** What a verdict says the same way for both bases. */
function aboutBait(
  touched: Contact[],
  summary: SourceSummary,
  window: SourceWindow,
  basis: 'configured' | 'learned',
) {
  return {
    kind: 'honeyport' as const,
    target: onlyTarget(touched),
    exact: true,
    severity: 1 as const,
    ...aboutContacts(touched, summary, window),
    evidence: {
      basis,
      ports: [...new Set(touched.map(({ port }) => port))].sort((a, b) => a - b).slice(0, 64),
      outcomes: outcomeCounts(touched),
    },
  };
}

/** A cheap look: most sources touch nothing dark. */
function mayHaveDark(window: SourceWindow, { dark_threshold }: Config): boolean {
  if (dark_threshold === 0 || window.contacts.size < dark_threshold) return false;
  return window.hasContact(isDark);
}

/** A probe of an address that was silent before, and did not speak since. */
function isDark({ kinds, outcome }: Contact): boolean {
  return (
    (outcome & Outcome.darkTarget) !== 0 &&
    (kinds & ~ProbeKind.inferred) !== 0 &&
    (outcome & LIVING) === 0
  );
}

/** What a target that is there, seen or not, makes of a contact. */
const LIVING =
  Outcome.open |
  Outcome.closed |
  Outcome.established |
  Outcome.sourceData |
  Outcome.targetData |
  Outcome.sourceReset |
  Outcome.midstream;

/** Whether most of what was decided went well: then the dark ones are hosts that went away. */
function isClient({ served, failed }: SourceSummary): boolean {
  return served >= SERVED_SHARE * (served + failed);
}

function isBait(contact: Contact, settings: Config, networks: ReturnType<typeof parseNetworks>) {
  const hasPort = contact.protocol === TCP || contact.protocol === UDP;
  return (
    (hasPort && settings.ports.includes(contact.port)) || isInNetwork(contact.target, networks)
  );
}
