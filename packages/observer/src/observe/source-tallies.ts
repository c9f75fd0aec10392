/**
 * What a source of full state sends and looks like, counted: all about it but whom it touched. The
 * columns go into the batch as they are.
 */
import {
  NO_SIGNATURE,
  ProbeKind,
  SOURCE_SIGNATURES_MAX,
  SourceCounter,
} from '../../../plugin-api/src/batch-layout.js';
import { COUNTER_OF_OUTCOME, COUNTER_OF_TRAIT } from '../../../plugin-api/src/source-counters.js';
import type { Touch } from './touch.js';

/** Largest step of a counting IP ID from one reset to the next: the prober asks in between. */
const RESET_ID_STEP_MAX = 64;
export const COUNTERS = Object.keys(SourceCounter).length;
const TCP_KINDS =
  ProbeKind.syn |
  ProbeKind.fin |
  ProbeKind.null |
  ProbeKind.xmas |
  ProbeKind.ack |
  ProbeKind.maimon |
  ProbeKind.oddFlags;

export class SourceTallies {
  readonly counters: Uint32Array;
  readonly signature: Uint16Array;
  readonly signatureCount: Uint32Array;
  readonly runKey: Int32Array;
  /** Union of the probes' Trait bits. */
  readonly traits: Int32Array;
  /** IP ID of the last reset of our answers, -1 before the first. */
  private readonly lastResetId: Int32Array;
  readonly ttlMin: Uint8Array;
  readonly ttlMax: Uint8Array;
  readonly sourcePortMin: Uint16Array;
  readonly sourcePortMax: Uint16Array;

  constructor(capacity: number) {
    this.counters = new Uint32Array(capacity * COUNTERS);
    this.signature = new Uint16Array(capacity * SOURCE_SIGNATURES_MAX);
    this.signatureCount = new Uint32Array(capacity * SOURCE_SIGNATURES_MAX);
    this.runKey = new Int32Array(capacity);
    this.traits = new Int32Array(capacity);
    this.lastResetId = new Int32Array(capacity);
    this.ttlMin = new Uint8Array(capacity);
    this.ttlMax = new Uint8Array(capacity);
    this.sourcePortMin = new Uint16Array(capacity);
    this.sourcePortMax = new Uint16Array(capacity);
  }

  /** Makes a place ready for another source. */
  reset(source: number): void {
    this.counters.fill(0, source * COUNTERS, (source + 1) * COUNTERS);
    const at = source * SOURCE_SIGNATURES_MAX;
    this.signature.fill(NO_SIGNATURE, at, at + SOURCE_SIGNATURES_MAX);
    this.signatureCount.fill(0, at, at + SOURCE_SIGNATURES_MAX);
    this.runKey[source] = 0;
    this.traits[source] = 0;
    this.lastResetId[source] = -1;
    this.ttlMin[source] = 0;
    this.ttlMax[source] = 0;
    this.sourcePortMin[source] = 0;
    this.sourcePortMax[source] = 0;
  }

  countProbe(source: number, kind: number, traits: number, packets: number): void {
    const at = source * COUNTERS;
    this.traits[source] |= traits;
    if (kind !== 0 && kind !== ProbeKind.inferred)
      this.counters[at + 31 - Math.clz32(kind)] += packets;
    for (let rest = traits; rest !== 0; rest &= rest - 1) {
      const counter = COUNTER_OF_TRAIT[31 - Math.clz32(rest & -rest)];
      if (counter >= 0) this.counters[at + counter] += packets;
    }
  }

  /**
   * What a reset of our answer, or an unsolicited SYN-ACK, tells of the stack behind the address.
   */
  noteStrangeStack(source: number, touch: Touch): void {
    const at = source * COUNTERS;
    if (touch.rawSynAck) this.counters[at + SourceCounter.rawSynAcks]++;
    if (touch.resetId < 0) return;
    if (touch.resetOtherClass) this.counters[at + SourceCounter.resetsOtherClass]++;
    const last = this.lastResetId[source];
    const step = (touch.resetId - last) & 0xffff;
    if (last > 0 && step > 0 && step <= RESET_ID_STEP_MAX)
      this.counters[at + SourceCounter.resetIdSteps]++;
    this.lastResetId[source] = touch.resetId;
  }

  countOutcome(source: number, outcome: number): void {
    for (let rest = outcome; rest !== 0; rest &= rest - 1) {
      const counter = COUNTER_OF_OUTCOME[31 - Math.clz32(rest & -rest)];
      if (counter >= 0) this.counters[source * COUNTERS + counter]++;
    }
  }

  noteStack(source: number, touch: Touch): void {
    const { packets, signature, ttl, sourcePort: port, runValue: run } = touch;
    if (this.ttlMin[source] === 0 || ttl < this.ttlMin[source]) this.ttlMin[source] = ttl;
    if (ttl > this.ttlMax[source]) this.ttlMax[source] = ttl;
    if (this.sourcePortMin[source] === 0 || port < this.sourcePortMin[source])
      this.sourcePortMin[source] = port;
    if (port > this.sourcePortMax[source]) this.sourcePortMax[source] = port;
    if ((touch.kind & TCP_KINDS) !== 0) {
      if (this.runKey[source] === 0) this.runKey[source] = run;
      const difference = this.runKey[source] ^ run;
      // Nmap: sequence = key ^ (try << 16 | try), scan_engine_raw.cc, so two of a run differ by
      // equal halves.
      if (difference >>> 16 === (difference & 0xffff) && difference >>> 16 < 256) {
        this.counters[source * COUNTERS + SourceCounter.runKey] += packets;
      }
    }
    if (signature === NO_SIGNATURE) return;
    const end = (source + 1) * SOURCE_SIGNATURES_MAX;
    for (let at = source * SOURCE_SIGNATURES_MAX; at < end; at++) {
      if (this.signature[at] === NO_SIGNATURE) this.signature[at] = signature;
      if (this.signature[at] !== signature) continue;
      this.signatureCount[at] += packets;
      return;
    }
  }
}
