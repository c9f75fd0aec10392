/**
 * Outcomes on their way to the correlator: msgpack, and checked when read, since they come from a
 * queue. Lists are bounded as their makers bound them (src/detect), with room to spare.
 */
import { Packr, Unpackr } from 'msgpackr';
import * as z from 'zod';
import type { Finding } from '../../../packages/plugin-api/src/finding.js';
import { PHASE_OF_KIND } from '../../../packages/plugin-api/src/finding.js';
import type { Suspect } from '../../../packages/plugin-api/src/suspect.js';
import { parseAddress } from '../../shared/address.js';
import { PicketError } from '../../shared/errors.js';
import type { ShardOutcome } from '../contract.js';

const text = z.string().max(4096);
const count = z
  .number()
  .min(0)
  .max(2 ** 53);
const timeUs = z
  .number()
  .min(-1)
  .max(2 ** 53);
const list = <T extends z.ZodType>(of: T, max = 4096) => z.array(of).max(max);
const address = text.refine((ip) => parseAddress(ip) !== null, 'no address');
const entity = z.strictObject({ ip: address, tunnel: count });
const contact = z.strictObject({ ip: text, port: count, proto: text });
const tool = z.strictObject({ name: text, confidence: z.number() });

const activity = z.strictObject({
  source: entity,
  lastSeenUs: timeUs,
  targetCount: count,
  portCount: count,
  pairCount: count,
  exact: z.boolean(),
  reach: z.strictObject({ targets: count, ports: count, pairs: count, exact: z.boolean() }),
  targets: list(text),
  ports: list(z.strictObject({ proto: text, port: count, hits: count })),
  exposed: list(contact),
  unlistedExposed: list(contact),
  exposedComplete: z.boolean(),
  openCount: count,
  closedCount: count,
  unreachableCount: count,
  silentCount: count,
  servedCount: count,
  probes: list(text),
  tools: list(tool),
  fingerprints: list(z.strictObject({ p0f: text, hash: text, muonfp: text })),
  ja3: list(text).optional(),
  ja4: list(text).optional(),
  userAgents: list(text).optional(),
  pathProven: z.boolean(),
});

const coverage = z.strictObject({
  seconds: count,
  packets: count,
  dropped: count,
  truncated: count,
  sourcesRefused: count,
  sketchesRefused: count,
  singlesFolded: count,
});

const kinds = Object.keys(PHASE_OF_KIND) as [Finding['kind'], ...Finding['kind'][]];
const phases = Object.values(PHASE_OF_KIND) as [Finding['phase'], ...Finding['phase'][]];
const finding = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  state: z.enum(['started', 'escalated', 'ended']),
  kind: z.enum(kinds),
  phase: z.enum(phases),
  source: entity.nullable(),
  target: entity.nullable(),
  proto: text,
  probe: text,
  windowS: count,
  count: count,
  threshold: count,
  exact: z.boolean(),
  confidence: z.number().min(0).max(1),
  reasons: list(text),
  severity: z.literal([1, 2, 3]),
  mitre: list(text),
  firstSeenUs: timeUs,
  lastSeenUs: timeUs,
  judgedUs: timeUs,
  evidence: z.record(text, z.unknown()),
  activity: activity.nullable(),
  coverage: coverage.optional(),
});

const suspect = z.strictObject({
  source: entity,
  epochStartUs: timeUs,
  judgedUs: timeUs,
  fingerprint: text,
  tool: text.nullable(),
  raw: z.boolean(),
  runKey: count,
  proof: z.number(),
  contacts: list(
    z.strictObject({
      target: text,
      protocol: count,
      port: count,
      tuple: count,
      timeUs: timeUs,
      open: z.boolean(),
    }),
  ).min(1),
});

const traffic = z.strictObject({
  epochStartUs: timeUs,
  judgedUs: timeUs,
  syns: count,
  connected: count,
  inbound: count,
  answersVisible: z.boolean(),
});

const outcome = z.strictObject({
  shard: z.int().min(0).max(4095),
  watermarkUs: timeUs,
  final: z.boolean(),
  findings: list(finding, 1 << 20),
  progress: list(activity, 1 << 20),
  suspects: list(suspect, 1 << 16),
  // A worker of before 2026-12 does not say it.
  traffic: traffic.nullable().default(null),
  losses: z.record(text, count),
});

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });

export function packOutcome(judged: ShardOutcome): Buffer {
  return packr.pack(judged);
}

/** @throws PicketError `batch-invalid` naming the first thing that is wrong. */
export function unpackOutcome(bytes: Uint8Array): ShardOutcome {
  const result = outcome.safeParse(unpacked(bytes));
  if (result.success) return result.data as ShardOutcome & { suspects: Suspect[] };
  const [{ path, message }] = result.error.issues;
  throw new PicketError('batch-invalid', `an outcome's ${path.join('.') || 'form'}: ${message}`);
}

function unpacked(bytes: Uint8Array): unknown {
  try {
    return unpackr.unpack(bytes);
  } catch (error) {
    throw new PicketError('batch-invalid', 'an outcome that is not msgpack', { cause: error });
  }
}
