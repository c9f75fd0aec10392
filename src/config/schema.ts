/**
 * Every setting there is: its default, range, unit and meaning. The reference page, the JSON
 * Schema, the error messages and the types are all made from this one schema. Keys carry their unit
 * last.
 */
import * as z from 'zod';
import { parseNetwork } from '../shared/cidr.js';
import { LOG_FORMATS, LOG_LEVELS } from '../shared/logger.js';
import { parseListenAddress } from '../shared/metrics/address.js';
import { HOME_NETS_MAX, OBSERVERS } from './bounds.js';

/** What the schema needs of a detector: rooms do not meet here, `main` passes the list in. */
export interface ConfigurableDetector {
  readonly id: string;
  readonly summary: string;
  /** A zod object: every field with a default and a description. */
  readonly config: z.ZodType;
}

const cidr = z
  .string()
  .refine((text) => parseNetwork(text) !== null)
  .overwrite((text) => parseNetwork(text)?.cidr ?? text)
  .meta({ examples: ['198.51.100.0/24'] });

const count = (min: number, max: number, initial: number, description: string) =>
  z.int().min(min).max(max).default(initial).describe(description);

const capacity = (initial: number, description: string) =>
  count(64, 16_777_216, initial, `${description} (entries).`);

const allowlistEntry = z.strictObject({
  cidr: cidr.describe('Network or address the entry is about.'),
  reason: z.string().min(1).max(500).describe('Why it may scan.'),
  owner: z.string().max(200).optional().describe('Who answers for the entry.'),
  expires: z.iso
    .date()
    .meta({ examples: ['2027-06-30'] })
    .optional()
    .describe(
      'Last day the entry holds (UTC, packet time). It never hides a finding, before or after.',
    ),
});

const enabled = z.boolean().default(true).describe('Whether the detector runs.');

const early = z.strictObject({
  targets: count(0, 1_000_000, 100, 'Distinct targets of one source.'),
  ports: count(0, 1_000_000, 100, 'Distinct ports of one source.'),
  pairs: count(0, 1_000_000, 250, 'Distinct (target, port) pairs of one source.'),
});

const tables = z.strictObject({
  sources_max: capacity(65_536, 'Sources with full state in one epoch'),
  light_sources_max: capacity(262_144, 'Sources seen once, waiting at the door, in one epoch'),
  targets_max: capacity(65_536, 'Protected targets in one epoch'),
  hosts_max: capacity(16_384, 'Protected hosts whose own traffic is watched'),
  contacts_max: capacity(524_288, '(Source, target, port) contacts in one epoch'),
  sketches_max: capacity(2_048, 'Sketches of 16 KiB, for targets, sources and pairs beyond lists'),
  port_pages_max: capacity(4_096, 'Sets of 8 KiB, for ports beyond lists, one a protocol'),
  flows_max: capacity(524_288, 'Answered connections followed'),
  fragments_max: capacity(4_096, 'Fragmented datagrams waiting for their rest'),
  duplicates_max: capacity(8_192, 'Recent packets remembered to remove span-port copies'),
  signatures_max: capacity(4_096, 'Distinct SYN signatures in one epoch'),
  singles_emitted_max: capacity(16_384, 'One-packet sources listed one by one in a batch'),
});

const windows = z.strictObject({
  sources_max: capacity(65_536, 'Sources that have a window; the longest silent goes first'),
  targets_max: capacity(4_096, 'Targets that have a window'),
  history_sources_max: capacity(
    1_048_576,
    'Sources remembered for slow scans; those whose contacts succeed go first',
  ),
  memory_mib: count(
    16,
    65_536,
    96,
    'What all windows take in memory, about (MiB); the largest give up detail first.',
  ),
  sensor_silent_s: count(
    1,
    86_400,
    30,
    'A sensor this far behind the others is waited for no more (seconds of packet time).',
  ),
});

const capture = z.strictObject({
  interface: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('Interface to watch; `-i` overrides it.'),
  snap_length: count(64, 262_144, 2_048, 'Bytes kept of each packet.'),
  buffer_mib: count(1, 2_048, 64, 'Kernel capture buffer of each ring (MiB).'),
  rings: count(
    1,
    64,
    1,
    'Rings that share an interface by flow, each with its own thread; native observer, Linux.',
  ),
  promiscuous: z
    .boolean()
    .default(true)
    .describe('Take packets addressed to others, as a span port needs.'),
  filter: z
    .string()
    .max(4_096)
    .default('')
    .describe('BPF filter in tcpdump syntax; empty takes everything.'),
  relief: z
    .boolean()
    .default(false)
    .describe(
      'Leave the bulk of TCP connections in the kernel, unseen and uncounted: full segments, and ' +
        'acknowledgements of protected hosts. No finding needs them; ' +
        '[deployment.md](deployment.md#relief) says what else goes unseen.',
    ),
});

const privileges = z.strictObject({
  user: z
    .string()
    .min(1)
    .max(64)
    .default('nobody')
    .describe(
      'Whom a live command started by root becomes once its interface is open; a local user. One ' +
        'of its own is better: `useradd --system picket`.',
    ),
  stay_root: z
    .boolean()
    .default(false)
    .describe('Insist on staying root; `--stay-root` does the same.'),
});

const eve = z.strictObject({
  enabled: z.boolean().default(false).describe('Also append events to a file.'),
  path: z.string().min(1).max(4_096).default('picket-eve.json').describe('File of JSON Lines.'),
  alerts: z
    .boolean()
    .default(false)
    .describe('Add a Suricata-shaped `alert` event to each finding.'),
});

const lossAlarm = z.strictObject({
  percent: z
    .number()
    .min(0)
    .max(100)
    .default(0.1)
    .describe('More of all packets than this must be lost in an interval of `stats`.'),
  intervals: count(1, 1_000, 3, 'In so many intervals in a row; as many without end it.'),
});

const outputs = z.strictObject({
  eve: eve.prefault({}).describe('EVE JSON Lines.'),
  stats_interval_s: count(1, 86_400, 10, 'Seconds between `stats` events when live.'),
  loss_alarm: lossAlarm
    .prefault({})
    .describe('When losing packets is said in an event of its own. Live.'),
});

const correlate = z.strictObject({
  idle_s: count(1, 604_800, 600, 'An incident closes after this long without activity (seconds).'),
  quiet_s: count(0, 86_400, 10, 'Growth alone causes at most one update in this time (seconds).'),
  order: z
    .enum(['canonical', 'arrival'])
    .default('canonical')
    .describe(
      'In a fleet: `canonical` waits until every shard has judged an epoch, so that the answer ' +
        'is the same whoever was quicker; `arrival` speaks at once.',
    ),
});

const redis = z.strictObject({
  url: z
    .string()
    .max(4_096)
    .default('')
    .describe(
      'Where Redis or Valkey is (redis://, rediss://, unix://, redis+sentinel://, ' +
        'redis+cluster://); `--redis` and then PICKET_REDIS_URL override it.',
    ),
  namespace: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/)
    .default('picket')
    .describe('Begins every key; deployments that share a server differ in it.'),
  lease_ms: count(
    1_000,
    60_000,
    5_000,
    'A worker that has not been heard of for this long loses its shards (milliseconds).',
  ),
  keep_h: count(1, 8_760, 168, 'What nobody touches expires after this long (hours).'),
  depth_max: count(
    16,
    1_000_000,
    2_048,
    'Jobs of one shard waiting in Redis; beyond it sensors hold back and spool.',
  ),
});

const spool = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(4_096)
    .default('picket-spool')
    .describe('Folder where a live sensor keeps batches while Redis is away.'),
  size_mib: count(1, 1_048_576, 256, 'Its size; beyond it the oldest go, and are counted (MiB).'),
});

const commands = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Whether this process does what `picket command` asks through Redis.'),
  recent_mib: count(
    0,
    4_096,
    8,
    'Memory for the batches a sensor observed last, for `dump`; 0 keeps none (MiB).',
  ),
  watched_mib: count(
    1,
    1_024,
    8,
    'Memory for what watched sources did, 1/64 for each of at most 64 (MiB).',
  ),
});

const metrics = z.strictObject({
  listen: z
    .string()
    .max(300)
    .refine((text) => text === '' || parseListenAddress(text) !== null)
    .meta({ examples: ['127.0.0.1:9477', '[::1]:9477'] })
    .default('')
    .describe(
      'Address and port where `/metrics` is shown over HTTP, without TLS or password; port 0 ' +
        'lets the system choose; empty is off.',
    ),
});

const log = z.strictObject({
  level: z.enum(LOG_LEVELS).default('info').describe('Least severe level shown.'),
  format: z
    .enum(LOG_FORMATS)
    .default('auto')
    .describe('`auto` is text on a terminal, JSON elsewhere.'),
});

const fixedSections = {
  sensor: z
    .string()
    .min(1)
    .max(64)
    .default('local')
    .describe('Name of this sensor, part of every batch; unique in a fleet.'),
  home_nets: z
    .array(cidr)
    .max(HOME_NETS_MAX)
    .default([])
    .describe('Protected networks. Required to read a capture; `--home` overrides it.'),
  allowlist: z
    .array(allowlistEntry)
    .max(10_000)
    .default([])
    .describe(
      'Sources that may scan (monitors, partners, own tests): tagged in every event, never hidden.',
    ),
  observer: z
    .enum(OBSERVERS)
    .default('auto')
    .describe('Which observer reads packets; `auto` takes the native one when it loads.'),
  epoch_ms: count(
    100,
    10_000,
    1_000,
    'Slice of packet time one observation covers (milliseconds).',
  ),
  dark_after_s: count(
    0,
    31_536_000,
    86_400,
    'Seconds for which a sensor must have seen the answers of protected hosts before an address ' +
      'that sent nothing counts as dark, since the sensor began; 0 is never.',
  ),
  silent_after_s: count(
    0,
    86_400,
    0,
    'Seconds for which a sensor must have seen the answers of protected hosts before an unmarked ' +
      'bare ACK or FIN-ACK to one that sent nothing is a probe; at least 10 live with ' +
      '`capture.relief`.',
  ),
  shards: count(1, 256, 16, 'Shards entities are spread over. One value per deployment.'),
  workers: count(
    0,
    64,
    0,
    'Detection worker threads; 0 is one less than the cores, at most 4, and none for a ' +
      'capture on one core or two.',
  ),
  early: early
    .prefault({})
    .describe(
      'A partial batch is sent at once when a source reaches one of these within an epoch and ' +
        'had not in the minute before; 0 is never.',
    ),
  tables: tables
    .prefault({})
    .describe('Capacities. Memory is bounded by them; what does not fit is counted.'),
  windows: windows
    .prefault({})
    .describe('The sliding windows. Every shard has its share of the capacities.'),
  capture: capture.prefault({}).describe('Live capture.'),
  privileges: privileges
    .prefault({})
    .describe('Of live commands started by root. [deployment.md](deployment.md) tells more.'),
  redis: redis.prefault({}).describe('The server between the processes of a fleet.'),
  spool: spool.prefault({}).describe('Of a sensor in a fleet.'),
  commands: commands.prefault({}).describe('To the processes of a fleet, through Redis.'),
  correlate: correlate.prefault({}).describe('How findings become incidents. Packet time.'),
  outputs: outputs.prefault({}).describe('Where events go.'),
  metrics: metrics
    .prefault({})
    .describe('Counters for Prometheus, in `run`, `sense`, `work` and `correlate`.'),
  log: log.prefault({}).describe("The program's own log, on standard error."),
};

/** The whole configuration: the fixed sections and one section for each detector. */
export function buildConfigSchema(detectors: readonly ConfigurableDetector[]) {
  const sections: Record<string, z.ZodPrefault<z.ZodObject>> = {};
  for (const detector of detectors) {
    const { shape } = detector.config as z.ZodObject;
    const strict = z.strictObject({ enabled, ...shape });
    sections[detector.id] = strict.prefault({}).describe(detector.summary);
  }
  return z.strictObject({
    ...fixedSections,
    detectors: z
      .strictObject(sections)
      .prefault({})
      .describe('Thresholds, one section per detector.'),
  });
}

export type ConfigSchema = ReturnType<typeof buildConfigSchema>;
export type PicketConfig = Readonly<z.output<ConfigSchema>>;
