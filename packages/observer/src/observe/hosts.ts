/**
 * How protected hosts themselves behave in an epoch: what they send, what reaches them unasked, and
 * how their IP ID advances (idle scans use it). Also remembers, across epochs, which hosts were
 * ever seen to speak, since silence of a host that never speaks is a dark address's. Twin:
 * `hosts.h`.
 */
import { HostCounter } from '../../../plugin-api/src/batch-layout.js';
import { AddressIndex, keyedHash, NONE } from './address-index.js';

export const HOST_COUNTERS = Object.keys(HostCounter).length;
/**
 * Largest step of a counter-like IP ID between two packets of one host that we still call the next.
 */
const IP_ID_STEP_MAX = 16;
/** Hosts that ever spoke, as a bit table: 65,536 hosts leave 6 % taken for known by mistake. */
const SPOKE_BITS = 1 << 20;

export class Hosts {
  readonly index: AddressIndex;
  readonly counters: Uint32Array;
  private readonly spoke = new Uint8Array(SPOKE_BITS / 8);

  constructor(capacity: number) {
    this.index = new AddressIndex(capacity);
    this.counters = new Uint32Array(capacity * HOST_COUNTERS);
  }

  /** The host's entry, made if there is room; NONE otherwise. */
  of(tunnelKey: number, w0: number, w1: number, w2: number, w3: number): number {
    const hash = keyedHash(tunnelKey, w0, w1, w2, w3);
    const known = this.index.find(hash, tunnelKey, w0, w1, w2, w3);
    if (known !== NONE) return known;
    const host = this.index.add(hash, tunnelKey, w0, w1, w2, w3);
    if (host === NONE) return NONE;
    this.counters.fill(0, host * HOST_COUNTERS, (host + 1) * HOST_COUNTERS);
    return host;
  }

  count(host: number, counter: number): void {
    this.counters[host * HOST_COUNTERS + counter]++;
  }

  /** A packet the host sent. */
  sent(host: number, ipId: number): void {
    const at = host * HOST_COUNTERS;
    const first = this.counters[at + HostCounter.packetsOut] === 0;
    this.counters[at + HostCounter.packetsOut]++;
    if (first) {
      this.counters[at + HostCounter.ipIdFirst] = ipId;
      const bit = this.index.keyedHashOf(host) & (SPOKE_BITS - 1);
      this.spoke[bit >>> 3] |= 1 << (bit & 7);
    } else {
      const step = (ipId - this.counters[at + HostCounter.ipIdLast]) & 0xffff;
      if (step > 0 && step <= IP_ID_STEP_MAX) this.counters[at + HostCounter.ipIdSteps] += step;
    }
    this.counters[at + HostCounter.ipIdLast] = ipId;
  }

  /**
   * Whether the address with this `keyedHash` was ever seen to send a packet. May say yes by
   * mistake, never no.
   */
  everSpoke(hash: number): boolean {
    const bit = hash & (SPOKE_BITS - 1);
    return (this.spoke[bit >>> 3] & (1 << (bit & 7))) !== 0;
  }

  clear(): void {
    this.index.clear();
  }
}
