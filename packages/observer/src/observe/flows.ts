/**
 * Conversations, so that an answer is told from a probe and bulk traffic costs one look-up. A fixed
 * 4-way set-associative table; the oldest way of a full set makes room and is counted. The key is
 * symmetric: both directions find the same entry. Twin: `flows.h`.
 */
import { finish, HASH_SEED, mix } from '../base/hash.js';
import { powerOfTwoAtLeast } from '../base/power-of-two.js';

/** What is known of a conversation. A bit set; 0 is an empty slot. */
export const FlowState = {
  /** Someone else probed a protected host, which answered. */
  inbound: 0x01,
  /** A protected host spoke first: what comes back was asked for. */
  outbound: 0x02,
  /** Its beginning was not seen: who probed whom is unknown. */
  midstream: 0x04,
  /** Bare ACK or FIN-ACK without a connection, not yet answered: a probe only if it is reset. */
  orphan: 0x08,
  synAck: 0x10,
  established: 0x20,
  initiatorData: 0x40,
  responderData: 0x80,
  /** The initiator's endpoint hash is the smaller one: tells direction apart inside one network. */
  initiatorLow: 0x100,
  /** A three-bit count of the initiator's first data segments, and its highest value. */
  segment: 0x200,
  lastSegment: 0x800,
} as const;

/**
 * Silence after which an entry is dead, packet time: TCP as Linux conntrack's long tail, others
 * short.
 */
const TCP_TIMEOUT_US = 3_600_000_000;
const OTHER_TIMEOUT_US = 120_000_000;
const WAYS = 4;

export class Flows {
  private readonly setMask: number;
  /**
   * The entry behind each way of each set, plus one; 0 is none. Entries are given out one after the
   * other and stay with their way, so that a link with few conversations touches few pages.
   */
  private readonly entryOf: Int32Array;
  private entries = 0;
  private readonly keyOne: Int32Array;
  private readonly keyTwo: Int32Array;
  readonly lastUs: Float64Array;
  readonly state: Uint16Array;
  /** The responder's initial sequence number plus one: what an acknowledgement must carry. */
  readonly responderNext: Int32Array;
  /** TTL of the probe that opened it, 0 unknown: a reset from another stack differs. */
  readonly probeTtl: Uint8Array;
  /** When the initiator proved its path: half seconds, modulo 256. */
  readonly establishedAt: Uint8Array;
  /** Live entries overwritten, cumulative. */
  evicted = 0;

  private one = 0;
  private two = 0;
  private timeoutUs = 0;
  /** After `seek`: the packet's source endpoint has the smaller hash. */
  sourceLow = false;

  constructor(capacity: number) {
    const sets = powerOfTwoAtLeast(capacity / WAYS);
    this.setMask = sets - 1;
    const size = sets * WAYS;
    this.entryOf = new Int32Array(size);
    this.keyOne = new Int32Array(size);
    this.keyTwo = new Int32Array(size);
    this.lastUs = new Float64Array(size);
    this.state = new Uint16Array(size);
    this.responderNext = new Int32Array(size);
    this.probeTtl = new Uint8Array(size);
    this.establishedAt = new Uint8Array(size);
  }

  /** Sets the key for the calls that follow: two endpoints, protocol number and tunnel. */
  seek(
    s0: number,
    s1: number,
    s2: number,
    s3: number,
    sourcePort: number,
    d0: number,
    d1: number,
    d2: number,
    d3: number,
    targetPort: number,
    protocol: number,
    tunnelKey: number,
  ): void {
    const source = endpointHash(s0, s1, s2, s3, sourcePort);
    const target = endpointHash(d0, d1, d2, d3, targetPort);
    this.sourceLow = source >>> 0 < target >>> 0;
    this.one = finish(mix(mix(mix(HASH_SEED, (source + target) | 0), tunnelKey), protocol));
    this.two = finish(mix(mix(~HASH_SEED, source ^ target), (source + target) | 0));
    this.timeoutUs = protocol === 6 ? TCP_TIMEOUT_US : OTHER_TIMEOUT_US;
  }

  /** The entry for the key, or -1. Refreshes its time. */
  find(nowUs: number): number {
    const set = (this.one & this.setMask) * WAYS;
    for (let way = set; way < set + WAYS; way++) {
      const at = this.entryOf[way] - 1;
      // Ways are filled in order, and an entry stays.
      if (at < 0) return -1;
      if (this.keyOne[at] !== this.one || this.keyTwo[at] !== this.two || this.state[at] === 0)
        continue;
      if (nowUs - this.lastUs[at] > this.timeoutUs) {
        this.state[at] = 0;
        return -1;
      }
      this.lastUs[at] = nowUs;
      return at;
    }
    return -1;
  }

  /** A fresh entry for the key, in place of the one it has, an empty way, or the oldest. */
  put(nowUs: number, state: number): number {
    const set = (this.one & this.setMask) * WAYS;
    let chosen = -1;
    let empty = -1;
    let oldest = -1;
    for (let way = set; way < set + WAYS; way++) {
      const at = this.entryOf[way] - 1;
      if (at < 0) {
        if (empty < 0) {
          empty = this.entries++;
          this.entryOf[way] = empty + 1;
        }
        break;
      }
      if (this.state[at] === 0) {
        if (empty < 0) empty = at;
      } else if (this.keyOne[at] === this.one && this.keyTwo[at] === this.two) {
        chosen = at;
        break;
      }
      if (oldest < 0 || this.lastUs[at] < this.lastUs[oldest]) oldest = at;
    }
    if (chosen < 0) {
      chosen = empty >= 0 ? empty : oldest;
      if (empty < 0) this.evicted++;
    }
    this.keyOne[chosen] = this.one;
    this.keyTwo[chosen] = this.two;
    this.lastUs[chosen] = nowUs;
    this.state[chosen] = state;
    this.responderNext[chosen] = 0;
    this.probeTtl[chosen] = 0;
    this.establishedAt[chosen] = 0;
    return chosen;
  }
}

/** Packet time in half seconds, modulo 256. */
export function halfSeconds(timeUs: number): number {
  return Math.floor(timeUs / 500_000) & 0xff;
}

function endpointHash(w0: number, w1: number, w2: number, w3: number, port: number): number {
  let hash = HASH_SEED | 0;
  if ((w0 | w1) !== 0 || w2 !== 0xffff) hash = mix(mix(mix(hash, w0), w1), w2);
  return finish(mix(mix(hash, w3), port));
}
