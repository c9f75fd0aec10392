/** `honeyport`: somebody touched what nobody uses. */
import * as z from 'zod';
import {
  type Contact,
  defineSourceDetector,
  type Judgement,
  NOTHING,
} from '../../plugin-api/src/index.js';
import { isInNetwork, parseNetworks } from './networks.js';
import { outcomeCounts } from './outcomes.js';
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
  window_s: z.int().min(1).max(86_400).default(3600).describe('Window in seconds of packet time'),
});
type Config = z.infer<typeof config>;

const TCP = 6;
const UDP = 17;

export const honeyport = defineSourceDetector<Config>({
  id: 'honeyport',
  title: 'Honeyport',
  summary:
    'A source probed a port or an address that is configured as never used: almost never a ' +
    'mistake. Nothing is configured at first, and then nothing is reported.',
  doc: {
    decided:
      'Distinct contacts with a configured port (TCP and UDP) or with an address in a configured ' +
      'network are counted. One is enough. Answers and backscatter to such an address do not ' +
      'count.',
    sources: [
      'Spitzner: Honeypots: Tracking Hackers (2002): what has no production value gets no ' +
        'honest traffic',
    ],
    wrong:
      'As right as the configuration: a port that somebody does serve, or an address that a host ' +
      'gets later, makes every client a finding. Mistyped addresses are mistakes of honest ' +
      'people; raise the threshold where that happens.',
  },
  kinds: ['honeyport'],
  mitre: ['T1046', 'T1595.001'],
  config,
  entity: 'source',
  windowS: (settings) => settings.window_s,
  concerns: (_window, settings) => settings.ports.length + settings.networks.length > 0,
  judge(summary, window, settings): Judgement {
    const networks = parseNetworks(settings.networks);
    const touched = summary.contacts.filter((contact) => isBait(contact, settings, networks));
    if (touched.length < settings.threshold) return NOTHING;
    return {
      undecided: false,
      verdicts: [
        {
          kind: 'honeyport',
          target: onlyTarget(touched),
          count: touched.length,
          exact: true,
          threshold: settings.threshold,
          confidence: 0.95,
          reasons: [`+ ${touched.length} contacts with what nobody uses`],
          severity: 1,
          ...aboutContacts(touched, summary, window),
          evidence: {
            ports: [...new Set(touched.map(({ port }) => port))].sort((a, b) => a - b).slice(0, 64),
            outcomes: outcomeCounts(touched),
          },
        },
      ],
    };
  },
});

function isBait(contact: Contact, settings: Config, networks: ReturnType<typeof parseNetworks>) {
  const hasPort = contact.protocol === TCP || contact.protocol === UDP;
  return (
    (hasPort && settings.ports.includes(contact.port)) || isInNetwork(contact.target, networks)
  );
}
