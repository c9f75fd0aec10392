/**
 * What a source of full state sends and looks like, counted: all about it but whom it touched. The
 * columns go into the batch as they are. Twin: `source_tallies.{h,cc}`.
 */
import {
  NO_SIGNATURE,
  ProbeKind,
  SOURCE_SIGNATURES_MAX,
  SourceCounter,
} from '../../../plugin-api/src/batch-layout.js';
import { COUNTER_OF_OUTCOME, COUNTER_OF_TRAIT } from '../../../plugin-api/src/source-counters.js';
import { NONE } from './address-index.js';
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
  /** Of the probes that are counted as one: their source, or NONE, and what they have in common. */
  private runSource = NONE;
  private runTraits = 0;
  private runKind = 0;
  private runSignature = 0;
  private runTtl = 0;
  /** How many of them are not counted yet. */
  private runPackets = 0;

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

  /**
   * Counts a probe: at once or, when it is like the one before but for its addresses and numbers,
   * by `settle`. Most of a scan is one packet again and again.
   */
  countProbe(source: number, touch: Touch): void {
    this.noteNumbers(source, touch);
    if (
      source === this.runSource &&
      touch.traits === this.runTraits &&
      touch.kind === this.runKind &&
      touch.signature === this.runSignature &&
      touch.ttl === this.runTtl
    )
      this.runPackets += touch.packets;
    else this.beginRun(source, touch);
  }

  /** Adds what is still to be counted: before anyone reads a source's counters. */
  settle(): void {
    if (this.runPackets > 0) {
      const { runSource, runKind, runTraits, runSignature, runPackets } = this;
      this.countAlike(runSource, runKind, runTraits, runSignature, runPackets);
    }
    this.runPackets = 0;
  }

  /** The table is cleared. */
  forgetRun(): void {
    this.runSource = NONE;
    this.runPackets = 0;
  }

  private beginRun(source: number, touch: Touch): void {
    this.settle();
    const { ttl } = touch;
    this.countAlike(source, touch.kind, touch.traits, touch.signature, touch.packets);
    if (this.ttlMin[source] === 0 || ttl < this.ttlMin[source]) this.ttlMin[source] = ttl;
    if (ttl > this.ttlMax[source]) this.ttlMax[source] = ttl;
    this.runSource = source;
    this.runTraits = touch.traits;
    this.runKind = touch.kind;
    this.runSignature = touch.signature;
    this.runTtl = ttl;
  }

  /** Counts `packets` probes that have all this in common. */
  private countAlike(
    source: number,
    kind: number,
    traits: number,
    signature: number,
    packets: number,
  ): void {
    const counters = source * COUNTERS;
    this.traits[source] |= traits;
    if (kind !== 0 && kind !== ProbeKind.inferred)
      this.counters[counters + 31 - Math.clz32(kind)] += packets;
    for (let rest = traits; rest !== 0; rest &= rest - 1) {
      const counter = COUNTER_OF_TRAIT[31 - Math.clz32(rest & -rest)];
      if (counter >= 0) this.counters[counters + counter] += packets;
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

  private noteNumbers(source: number, touch: Touch): void {
    const { sourcePort: port, runValue: run } = touch;
    if (this.sourcePortMin[source] === 0 || port < this.sourcePortMin[source])
      this.sourcePortMin[source] = port;
    if (port > this.sourcePortMax[source]) this.sourcePortMax[source] = port;
    if ((touch.kind & TCP_KINDS) === 0) return;
    if (this.runKey[source] === 0) this.runKey[source] = run;
    const difference = this.runKey[source] ^ run;
    // Nmap: sequence = key ^ (try << 16 | try), scan_engine_raw.cc, so two of a run differ by equal
    // halves.
    if (difference >>> 16 === (difference & 0xffff) && difference >>> 16 < 256) {
      this.counters[source * COUNTERS + SourceCounter.runKey] += touch.packets;
    }
  }
}
