/**
 * Reads a batch (layout: `native/core/batch/layout.h`). Batches may come from a queue, so they are
 * untrusted: one pass checks every type, size and range, and what it returns needs no further
 * checks.
 */
import {
  CONTACT_SIZE,
  ContactAt,
  CoverageField,
  FIND_SIZE,
  FINDS_PER_SOURCE_MAX,
  HIT_SIZE,
  HITS_PER_SOURCE_MAX,
  HLL_REGISTERS,
  HostCounter,
  LAYOUT_VERSION,
  NO_SIGNATURE,
  PORT_PAGE_SIZE,
  PORT_PAGES,
  SAMPLE_SIZE_MAX,
  SAMPLES_PER_SOURCE_MAX,
  SINGLE_SIZE,
  SingleAt,
  SOURCE_SIGNATURES_MAX,
  SourceCounter,
  TargetCounter,
} from './batch-layout.js';
import { latin1 } from './contact.js';
import { MsgpackReader } from './msgpack-reader.js';
import type { PortsOfPage } from './port-set.js';

export interface Batch {
  sensor: string;
  shard: number;
  shardCount: number;
  sequence: number;
  /** False: an early batch with one source, superseded by the final one of the epoch. */
  final: boolean;
  epochStartUs: number;
  epochUs: number;
  /** Indexed by CoverageField. */
  coverage: number[];
  /** Canonical SYN signatures as latin1, see `syn-signature.ts`. */
  signatures: string[];
  sources: SourceObservation[];
  /** SINGLE_SIZE bytes each. */
  singles: Uint8Array;
  targets: TargetObservation[];
  hosts: HostObservation[];
}

/** Where an observation comes from: what windows need to know of its batch. */
export type Origin = Pick<Batch, 'sensor' | 'final' | 'epochStartUs' | 'signatures'>;

export interface SourceObservation {
  tunnelKey: number;
  /** 4 or 16 bytes; the addresses in `targets` have the same length. */
  address: Uint8Array;
  /** Microseconds after the epoch's start. */
  firstUs: number;
  lastUs: number;
  /** Indexed by SourceCounter. */
  counters: number[];
  /** Index into the batch's signatures, and SYNs that carried it. */
  signatures: { index: number; count: number }[];
  targets: Uint8Array;
  /** CONTACT_SIZE bytes each. */
  contacts: Uint8Array;
  /** Null: the exact list is complete. Empty: it is not, and no sketch could be had. */
  targetSketch: Uint8Array | null;
  pairSketch: Uint8Array | null;
  /** All services, the same way; exact. */
  ports: PortsOfPage[] | null;
  /** Those of single targets whose contacts are not all listed. */
  deep: { targetIndex: number; ports: PortsOfPage[] }[];
  runKey: number;
  ttlMin: number;
  ttlMax: number;
  sourcePortMin: number;
  sourcePortMax: number;
  /** Union of the probes' Trait bits. */
  traits: number;
  /** HIT_SIZE bytes each. */
  hits: Uint8Array;
  /** Beginnings of TLS hellos and HTTP requests. */
  samples: PayloadSample[];
  /** Open services whose contacts are beyond the list, FIND_SIZE bytes each; some may be twice. */
  finds: Uint8Array;
  /** Such services for which there was no room. */
  findsMissed: number;
}

export interface PayloadSample {
  targetIndex: number;
  port: number;
  bytes: Uint8Array;
}

/** What a source said in one epoch. */
export type PayloadObservation = Pick<SourceObservation, 'hits' | 'samples'>;

export interface TargetObservation {
  tunnelKey: number;
  address: Uint8Array;
  /** Indexed by TargetCounter. */
  counters: number[];
  topPort: number;
  topPortSyns: number;
  sources: Uint8Array;
  sourceSketch: Uint8Array | null;
}

export interface HostObservation {
  tunnelKey: number;
  address: Uint8Array;
  /** Indexed by HostCounter. */
  counters: number[];
}

/** Entities of one kind in one batch: above every table's default capacity. */
const ENTITIES_MAX = 1 << 20;
const SENSOR_SIZE_MAX = 64;
const SHARDS_MAX = 4096;
const EPOCH_US_MAX = 60_000_000;
const SIGNATURE_SIZE_MAX = 64;
const TARGETS_LISTED_MAX = 256;
const CONTACTS_LISTED_MAX = 1024;
const TIME_MAX = 2 ** 53 - 1;

const size = (table: object) => Object.keys(table).length;
const SOURCE_COUNTERS = size(SourceCounter);
const TARGET_COUNTERS = size(TargetCounter);
const HOST_COUNTERS = size(HostCounter);
const COVERAGE_FIELDS = size(CoverageField);

/** Whose batch it is, and which. */
export type BatchHeader = Pick<Batch, 'sensor' | 'shard' | 'shardCount' | 'sequence'>;

/** Reads only the beginning. @throws RangeError as `decodeBatch`. */
export function readBatchHeader(bytes: Uint8Array): BatchHeader {
  return readHeader(new MsgpackReader(bytes));
}

function readHeader(r: MsgpackReader): BatchHeader {
  r.array(14, 14);
  r.uint(LAYOUT_VERSION, LAYOUT_VERSION);
  const sensor = r.string(SENSOR_SIZE_MAX);
  const shard = r.uint(0, SHARDS_MAX - 1);
  const shardCount = r.uint(shard + 1, SHARDS_MAX);
  return { sensor, shard, shardCount, sequence: r.uint(0, TIME_MAX) };
}

/**
 * @throws RangeError saying what is wrong and at which byte; nothing of a bad batch is used
 */
export function decodeBatch(bytes: Uint8Array): Batch {
  const r = new MsgpackReader(bytes);
  const { sensor, shard, shardCount, sequence } = readHeader(r);
  const final = r.uint(0, 1) === 1;
  const epochStartUs = r.uint(0, TIME_MAX - EPOCH_US_MAX);
  const epochUs = r.uint(1, EPOCH_US_MAX);
  const coverage = r.uints(COVERAGE_FIELDS);
  const signatures = r.list(NO_SIGNATURE, () => {
    const bytes = r.bin(SIGNATURE_SIZE_MAX);
    return latin1(bytes, 0, bytes.length);
  });
  const sources = r.list(ENTITIES_MAX, () => readSource(r, signatures.length));
  const singles = r.bin(ENTITIES_MAX * SINGLE_SIZE);
  if (singles.length % SINGLE_SIZE !== 0) r.fail('singles are not whole records');
  const targets = r.list(ENTITIES_MAX, () => readTarget(r));
  const hosts = r.list(ENTITIES_MAX, () => readHost(r));
  r.end();
  checkSingles(r, singles, signatures.length);
  return {
    sensor,
    shard,
    shardCount,
    sequence,
    final,
    epochStartUs,
    epochUs,
    coverage,
    signatures,
    sources,
    singles,
    targets,
    hosts,
  };
}

function readSource(r: MsgpackReader, signatureCount: number): SourceObservation {
  r.array(22, 22);
  const tunnelKey = r.uint(0, 0xffffffff);
  const address = readAddress(r);
  const firstUs = r.uint(0, 0xffffffff);
  const lastUs = r.uint(0, 0xffffffff);
  const counters = r.uints(SOURCE_COUNTERS);
  const signatures = r.list(SOURCE_SIGNATURES_MAX, () => {
    r.array(2, 2);
    return { index: r.uint(0, signatureCount - 1), count: r.uint(0, 0xffffffff) };
  });
  const targets = r.bin(TARGETS_LISTED_MAX * address.length);
  if (targets.length % address.length !== 0) r.fail('targets are not whole addresses');
  const targetCount = targets.length / address.length;
  const contacts = r.bin(CONTACTS_LISTED_MAX * CONTACT_SIZE);
  if (contacts.length % CONTACT_SIZE !== 0) r.fail('contacts are not whole records');
  for (let at = 0; at < contacts.length; at += CONTACT_SIZE) {
    if (u16At(contacts, at + ContactAt.target) >= targetCount) r.fail('a contact names no target');
  }
  return {
    tunnelKey,
    address,
    firstUs,
    lastUs,
    counters,
    signatures,
    targets,
    contacts,
    targetSketch: readSketch(r),
    pairSketch: readSketch(r),
    ports: r.nil() ? null : readPorts(r),
    deep: r.list(TARGETS_LISTED_MAX, () => {
      r.array(2, 2);
      const targetIndex = r.uint(0, targetCount - 1);
      return { targetIndex, ports: readPorts(r) };
    }),
    runKey: r.uint(0, 0xffffffff),
    ttlMin: r.uint(0, 0xff),
    ttlMax: r.uint(0, 0xff),
    sourcePortMin: r.uint(0, 0xffff),
    sourcePortMax: r.uint(0, 0xffff),
    traits: r.uint(0, 0xffffffff),
    hits: readHits(r, targetCount),
    samples: r.list(SAMPLES_PER_SOURCE_MAX, () => {
      r.array(3, 3);
      return {
        targetIndex: r.uint(0, targetCount - 1),
        port: r.uint(0, 0xffff),
        bytes: r.bin(SAMPLE_SIZE_MAX),
      };
    }),
    finds: readFinds(r),
    findsMissed: r.uint(0, 0xffffffff),
  };
}

function readHits(r: MsgpackReader, targetCount: number): Uint8Array {
  const hits = r.bin(HITS_PER_SOURCE_MAX * HIT_SIZE);
  if (hits.length % HIT_SIZE !== 0) r.fail('hits are not whole records');
  for (let at = 0; at < hits.length; at += HIT_SIZE) {
    if ((hits[at + 4] | (hits[at + 5] << 8)) >= targetCount) r.fail('a hit names no target');
  }
  return hits;
}

function readFinds(r: MsgpackReader): Uint8Array {
  const finds = r.bin(FINDS_PER_SOURCE_MAX * FIND_SIZE);
  return finds.length % FIND_SIZE === 0 ? finds : r.fail('finds are not whole records');
}

function readTarget(r: MsgpackReader): TargetObservation {
  r.array(7, 7);
  const tunnelKey = r.uint(0, 0xffffffff);
  const address = readAddress(r);
  const counters = r.uints(TARGET_COUNTERS);
  const topPort = r.uint(0, 0xffff);
  const topPortSyns = r.uint(0, 0xffffffff);
  const sources = r.bin(TARGETS_LISTED_MAX * address.length);
  if (sources.length % address.length !== 0) r.fail('sources are not whole addresses');
  return {
    tunnelKey,
    address,
    counters,
    topPort,
    topPortSyns,
    sources,
    sourceSketch: readSketch(r),
  };
}

function readHost(r: MsgpackReader): HostObservation {
  r.array(3, 3);
  return {
    tunnelKey: r.uint(0, 0xffffffff),
    address: readAddress(r),
    counters: r.uints(HOST_COUNTERS),
  };
}

function readAddress(r: MsgpackReader): Uint8Array {
  const address = r.bin(16);
  return address.length === 4 || address.length === 16
    ? address
    : r.fail('an address is 4 or 16 bytes');
}

function readSketch(r: MsgpackReader): Uint8Array | null {
  if (r.nil()) return null;
  const sketch = r.bin(HLL_REGISTERS);
  return sketch.length === 0 || sketch.length === HLL_REGISTERS
    ? sketch
    : r.fail('a sketch of the wrong size');
}

function readPorts(r: MsgpackReader): PortsOfPage[] {
  return r.list(PORT_PAGES, () => {
    r.array(2, 2);
    const page = r.uint(0, PORT_PAGES - 1);
    const bytes = r.bin(PORT_PAGE_SIZE);
    return bytes.length % 2 === 0 ? { page, bytes } : r.fail('ports are not whole numbers');
  });
}

/** Little-endian. */
function u16At(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

function checkSingles(r: MsgpackReader, singles: Uint8Array, signatureCount: number): void {
  for (let at = 0; at < singles.length; at += SINGLE_SIZE) {
    const signature = u16At(singles, at + SingleAt.signature);
    if (signature !== NO_SIGNATURE && signature >= signatureCount)
      r.fail('a single names no signature');
  }
}
