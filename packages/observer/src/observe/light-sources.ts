/**
 * The doorkeeper: sources that have touched one thing once. A source moves to full state on its
 * second distinct touch, so a flood of spoofed one-packet sources fills this tier and not the
 * other. When even this tier is full, a small array of tagged counters lets in who keeps knocking.
 * Twin: `light_sources.h`.
 */
import { Trait } from '../../../plugin-api/src/batch-layout.js';
import { AddressIndex, NONE } from './address-index.js';
import type { Touch } from './touch.js';

const KNOCK_SLOTS = 65_536;
/**
 * Packets a refused source must send, beyond what its slot mates send, to be let in all the same.
 */
const KNOCKS_TO_ENTER = 4;

export class LightSources {
  readonly index: AddressIndex;
  /** The target's address, four words an entry. */
  readonly target: Int32Array;
  readonly service: Int32Array;
  readonly ttl: Uint8Array;
  readonly kinds: Uint16Array;
  readonly outcome: Uint16Array;
  readonly packets: Uint16Array;
  readonly signature: Uint16Array;
  readonly traits: Int32Array;
  readonly firstUs: Uint32Array;
  readonly lastUs: Uint32Array;
  readonly tuple: Int32Array;
  readonly sourcePort: Uint16Array;
  readonly runValue: Int32Array;
  /** 0 once the source has moved to full state: its slot stays, its content is void. */
  private readonly live: Uint8Array;
  private readonly knockTag: Int32Array = new Int32Array(KNOCK_SLOTS);
  private readonly knockCount: Uint8Array = new Uint8Array(KNOCK_SLOTS);
  private knocked = false;

  constructor(capacity: number) {
    this.index = new AddressIndex(capacity);
    this.target = new Int32Array(capacity * 4);
    this.service = new Int32Array(capacity);
    this.ttl = new Uint8Array(capacity);
    this.kinds = new Uint16Array(capacity);
    this.outcome = new Uint16Array(capacity);
    this.packets = new Uint16Array(capacity);
    this.signature = new Uint16Array(capacity);
    this.traits = new Int32Array(capacity);
    this.firstUs = new Uint32Array(capacity);
    this.lastUs = new Uint32Array(capacity);
    this.tuple = new Int32Array(capacity);
    this.sourcePort = new Uint16Array(capacity);
    this.runValue = new Int32Array(capacity);
    this.live = new Uint8Array(capacity);
  }

  find(touch: Touch): number {
    const { sourceHash, tunnelKey, s0, s1, s2, s3 } = touch;
    return this.index.find(sourceHash, tunnelKey, s0, s1, s2, s3);
  }

  /** Whether the entry holds a source that has not moved to full state. */
  isLive(light: number): boolean {
    return this.live[light] !== 0;
  }

  /** Adds a source known to be absent. NONE when there is no room. */
  add(touch: Touch): number {
    const { sourceHash, tunnelKey, s0, s1, s2, s3 } = touch;
    const light = this.index.add(sourceHash, tunnelKey, s0, s1, s2, s3);
    if (light === NONE) return NONE;
    const at = light * 4;
    this.target[at] = touch.t0;
    this.target[at + 1] = touch.t1;
    this.target[at + 2] = touch.t2;
    this.target[at + 3] = touch.t3;
    this.service[light] = touch.service;
    this.ttl[light] = touch.ttl;
    this.kinds[light] = touch.kind;
    this.outcome[light] = touch.outcome;
    this.packets[light] = touch.isProbe ? 1 : 0;
    this.live[light] = 1;
    this.signature[light] = touch.signature;
    this.traits[light] = touch.traits | (touch.rawSynAck ? Trait.rawSynAck : 0);
    this.firstUs[light] = touch.offsetUs;
    this.lastUs[light] = touch.offsetUs;
    this.tuple[light] = touch.tuple();
    this.sourcePort[light] = touch.sourcePort;
    this.runValue[light] = touch.runValue;
    return light;
  }

  /** Whether the entry's one contact is the touch's: the same service of the same target. */
  isSameContact(light: number, touch: Touch): boolean {
    const at = light * 4;
    const w = this.target;
    return (
      this.service[light] === touch.service &&
      w[at + 3] === touch.t3 &&
      w[at + 2] === touch.t2 &&
      w[at + 1] === touch.t1 &&
      w[at] === touch.t0
    );
  }

  /** Whether the touch says nothing that the entry's one contact cannot hold. */
  fits(light: number, touch: Touch): boolean {
    if (!this.isSameContact(light, touch) || touch.rawSynAck || touch.resetOtherClass) return false;
    return (
      !touch.isProbe ||
      (this.kinds[light] === touch.kind &&
        this.traits[light] === touch.traits &&
        this.signature[light] === touch.signature)
    );
  }

  /** Counts one more packet of the same thing, or an answer to it. */
  repeat(light: number, touch: Touch): void {
    this.outcome[light] |= touch.outcome;
    if (touch.isProbe && this.packets[light] < 0xffff) this.packets[light]++;
    this.lastUs[light] = touch.offsetUs;
  }

  /** Voids the entry, since a flooded target stands for its source. */
  fold(light: number): void {
    this.live[light] = 0;
  }

  /**
   * Voids the entry, since its source now gets full state, and writes into `touch` what it held:
   * one touch that stands for all its packets. Its last packet was at `lastUs[light]`.
   */
  leave(light: number, touch: Touch): void {
    this.live[light] = 0;
    const at = light * 4;
    const w = this.index.words;
    touch.tunnelKey = this.index.key[light];
    touch.s0 = w[at];
    touch.s1 = w[at + 1];
    touch.s2 = w[at + 2];
    touch.s3 = w[at + 3];
    touch.t0 = this.target[at];
    touch.t1 = this.target[at + 1];
    touch.t2 = this.target[at + 2];
    touch.t3 = this.target[at + 3];
    touch.hashAddresses();
    touch.service = this.service[light];
    touch.offsetUs = this.firstUs[light];
    touch.isProbe = this.packets[light] > 0;
    touch.packets = this.packets[light];
    touch.kind = this.kinds[light];
    touch.mayCreate = true;
    touch.outcome = this.outcome[light];
    touch.traits = this.traits[light];
    touch.rawSynAck = (touch.traits & Trait.rawSynAck) !== 0;
    touch.signature = this.signature[light];
    touch.ttl = this.ttl[light];
    touch.sourcePort = this.sourcePort[light];
    touch.probe = null;
    touch.keptTuple = this.tuple[light];
    touch.runValue = this.runValue[light];
  }

  /**
   * For a source without room: true when it has knocked often enough to be given full state at
   * once.
   */
  knock(touch: Touch): boolean {
    const tag = touch.sourceHash;
    const slot = (tag >>> 16) & (KNOCK_SLOTS - 1);
    this.knocked = true;
    if (this.knockTag[slot] === tag) {
      if (this.knockCount[slot] < 0xff) this.knockCount[slot]++;
      return this.knockCount[slot] >= KNOCKS_TO_ENTER;
    }
    if (this.knockCount[slot] === 0) {
      this.knockTag[slot] = tag;
      this.knockCount[slot] = 1;
    } else this.knockCount[slot]--;
    return false;
  }

  clear(): void {
    this.index.clear();
    if (this.knocked) {
      this.knockTag.fill(0);
      this.knockCount.fill(0);
      this.knocked = false;
    }
  }
}
