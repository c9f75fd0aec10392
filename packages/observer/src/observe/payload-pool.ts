/**
 * What payloads of the epoch's sources told: known ones by (what, target, service), and a few
 * samples. Two bounded pools; each source's records are chained in the order they came. Twin:
 * `payload_pool.h`.
 */
import {
  HITS_PER_SOURCE_MAX,
  SAMPLE_SIZE_MAX,
  SAMPLES_PER_SOURCE_MAX,
} from '../../../plugin-api/src/batch-layout.js';
import { NONE } from './address-index.js';

const HITS_MAX = 16_384;
const SAMPLES_MAX = 256;
/** TLS hellos must leave room for payloads that say more. */
const HELLOS_PER_SOURCE_MAX = HITS_PER_SOURCE_MAX / 2;

export class PayloadPool {
  /** Per source: its first and last hit, how many, and how many of them are hellos. */
  readonly firstHit: Int32Array;
  private readonly lastHit: Int32Array;
  readonly hitCount: Uint8Array;
  private readonly helloCount: Uint8Array;
  readonly firstSample: Int32Array;
  private readonly lastSample: Int32Array;
  readonly sampleCount: Uint8Array;

  /** Per hit. `code` is a signature's id, or a hello's shape with its top bit set. */
  readonly code = new Int32Array(HITS_MAX);
  readonly member = new Int32Array(HITS_MAX);
  readonly service = new Int32Array(HITS_MAX);
  readonly count = new Uint16Array(HITS_MAX);
  readonly flags = new Uint8Array(HITS_MAX);
  readonly nextHit = new Int32Array(HITS_MAX);
  private hitsUsed = 0;

  /** Per sample; `hash` tells samples of one source apart. */
  private readonly hash = new Int32Array(SAMPLES_MAX);
  readonly sampleMember = new Int32Array(SAMPLES_MAX);
  readonly samplePort = new Uint16Array(SAMPLES_MAX);
  readonly sampleSize = new Uint16Array(SAMPLES_MAX);
  readonly nextSample = new Int32Array(SAMPLES_MAX);
  private readonly store = new Uint8Array(SAMPLES_MAX * SAMPLE_SIZE_MAX);
  private samplesUsed = 0;

  /** Hits and samples that found no room, cumulative. */
  hitsRefused = 0;
  samplesRefused = 0;

  constructor(sourcesMax: number) {
    this.firstHit = new Int32Array(sourcesMax);
    this.lastHit = new Int32Array(sourcesMax);
    this.hitCount = new Uint8Array(sourcesMax);
    this.helloCount = new Uint8Array(sourcesMax);
    this.firstSample = new Int32Array(sourcesMax);
    this.lastSample = new Int32Array(sourcesMax);
    this.sampleCount = new Uint8Array(sourcesMax);
  }

  /** Starts a source's lists. */
  reset(source: number): void {
    this.firstHit[source] = NONE;
    this.hitCount[source] = 0;
    this.helloCount[source] = 0;
    this.firstSample[source] = NONE;
    this.sampleCount[source] = 0;
  }

  /** Whether the source said something that a signature knows. */
  isKnown(source: number): boolean {
    return this.hitCount[source] > this.helloCount[source];
  }

  addHit(source: number, code: number, member: number, service: number, flags: number): void {
    for (let hit = this.firstHit[source]; hit !== NONE; hit = this.nextHit[hit]) {
      if (this.code[hit] !== code || this.member[hit] !== member) continue;
      if (this.service[hit] !== service) continue;
      if (this.count[hit] < 0xffff) this.count[hit]++;
      this.flags[hit] |= flags;
      return;
    }
    if (!this.hasRoomForHit(source, code)) {
      this.hitsRefused++;
      return;
    }
    const hit = this.hitsUsed++;
    this.code[hit] = code;
    this.member[hit] = member;
    this.service[hit] = service;
    this.count[hit] = 1;
    this.flags[hit] = flags;
    this.nextHit[hit] = NONE;
    if (this.firstHit[source] === NONE) this.firstHit[source] = hit;
    else this.nextHit[this.lastHit[source]] = hit;
    this.lastHit[source] = hit;
    this.hitCount[source]++;
    if (code < 0) this.helloCount[source]++;
  }

  /** Keeps the first bytes of a payload, unless the source has one with this hash. */
  addSample(
    source: number,
    hash: number,
    member: number,
    port: number,
    bytes: Uint8Array,
    at: number,
    size: number,
  ): void {
    for (let s = this.firstSample[source]; s !== NONE; s = this.nextSample[s]) {
      if (this.hash[s] === hash) return;
    }
    if (this.sampleCount[source] >= SAMPLES_PER_SOURCE_MAX || this.samplesUsed >= SAMPLES_MAX) {
      this.samplesRefused++;
      return;
    }
    const sample = this.samplesUsed++;
    const kept = Math.min(size, SAMPLE_SIZE_MAX);
    const to = sample * SAMPLE_SIZE_MAX;
    for (let i = 0; i < kept; i++) this.store[to + i] = bytes[at + i];
    this.hash[sample] = hash;
    this.sampleMember[sample] = member;
    this.samplePort[sample] = port;
    this.sampleSize[sample] = kept;
    this.nextSample[sample] = NONE;
    if (this.firstSample[source] === NONE) this.firstSample[source] = sample;
    else this.nextSample[this.lastSample[source]] = sample;
    this.lastSample[source] = sample;
    this.sampleCount[source]++;
  }

  sampleBytes(sample: number): Uint8Array {
    const at = sample * SAMPLE_SIZE_MAX;
    return this.store.subarray(at, at + this.sampleSize[sample]);
  }

  clear(): void {
    this.hitsUsed = 0;
    this.samplesUsed = 0;
  }

  private hasRoomForHit(source: number, code: number): boolean {
    if (this.hitsUsed >= HITS_MAX || this.hitCount[source] >= HITS_PER_SOURCE_MAX) return false;
    return code >= 0 || this.helloCount[source] < HELLOS_PER_SOURCE_MAX;
  }
}
