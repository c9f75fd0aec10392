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

/**
 * An entry's words, together in memory: a look-up costs one cache miss, not one a field. The time
 * is a float over two words.
 */
const ENTRY_WORDS = 8;
const KEY_ONE = 0;
const KEY_TWO = 1;
const LAST_US = 2;
const STATE = 4;
const RESPONDER_NEXT = 5;
const PROBE_TTL = 6;
const ESTABLISHED_AT = 7;

export class Flows {
  private readonly setMask: number;
  private readonly words: Int32Array;
  /** The same memory. */
  private readonly floats: Float64Array;
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
    this.words = new Int32Array(sets * WAYS * ENTRY_WORDS);
    this.floats = new Float64Array(this.words.buffer);
  }

  /** A set of FlowState bits; 0 makes the entry empty. */
  state(flow: number): number {
    return this.words[flow + STATE];
  }

  setState(flow: number, state: number): void {
    this.words[flow + STATE] = state;
  }

  /** The responder's initial sequence number plus one: what an acknowledgement must carry. */
  responderNext(flow: number): number {
    return this.words[flow + RESPONDER_NEXT];
  }

  setResponderNext(flow: number, next: number): void {
    this.words[flow + RESPONDER_NEXT] = next;
  }

  /** TTL of the probe that opened it, 0 unknown: a reset from another stack differs. */
  probeTtl(flow: number): number {
    return this.words[flow + PROBE_TTL];
  }

  setProbeTtl(flow: number, ttl: number): void {
    this.words[flow + PROBE_TTL] = ttl;
  }

  /** When the initiator proved its path: half seconds, modulo 256. */
  establishedAt(flow: number): number {
    return this.words[flow + ESTABLISHED_AT];
  }

  setEstablishedAt(flow: number, at: number): void {
    this.words[flow + ESTABLISHED_AT] = at;
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
    const { words, floats, one, two } = this;
    const set = this.set();
    for (let flow = set; flow < set + WAYS * ENTRY_WORDS; flow += ENTRY_WORDS) {
      if (words[flow + KEY_ONE] !== one || words[flow + KEY_TWO] !== two) continue;
      if (words[flow + STATE] === 0) continue;
      const last = (flow + LAST_US) >>> 1;
      if (nowUs - floats[last] > this.timeoutUs) {
        words[flow + STATE] = 0;
        return -1;
      }
      floats[last] = nowUs;
      return flow;
    }
    return -1;
  }

  /** A fresh entry for the key, in place of the one it has, an empty way, or the oldest. */
  put(nowUs: number, state: number): number {
    const { words, floats, one, two } = this;
    const set = this.set();
    let chosen = -1;
    let empty = -1;
    let oldest = set;
    for (let flow = set; flow < set + WAYS * ENTRY_WORDS; flow += ENTRY_WORDS) {
      if (words[flow + STATE] === 0) {
        if (empty < 0) empty = flow;
      } else if (words[flow + KEY_ONE] === one && words[flow + KEY_TWO] === two) {
        chosen = flow;
        break;
      }
      if (floats[(flow + LAST_US) >>> 1] < floats[(oldest + LAST_US) >>> 1]) oldest = flow;
    }
    if (chosen < 0) {
      chosen = empty >= 0 ? empty : oldest;
      if (empty < 0) this.evicted++;
    }
    words[chosen + KEY_ONE] = one;
    words[chosen + KEY_TWO] = two;
    floats[(chosen + LAST_US) >>> 1] = nowUs;
    words[chosen + STATE] = state;
    words[chosen + RESPONDER_NEXT] = 0;
    words[chosen + PROBE_TTL] = 0;
    words[chosen + ESTABLISHED_AT] = 0;
    return chosen;
  }

  /** The first entry of the key's set. */
  private set(): number {
    return (this.one & this.setMask) * WAYS * ENTRY_WORDS;
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
