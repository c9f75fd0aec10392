/**
 * Who is probed: one entry per protected address touched in this epoch, to see floods and to keep
 * their spoofed sources from filling the source table. Twin: `targets.h`.
 */
import { ProbeKind, TargetCounter } from '../../../plugin-api/src/batch-layout.js';
import { HASH_SEED } from '../base/hash.js';
import { AddressIndex, addressHash, keyedHash, NONE } from './address-index.js';
import { AddressSets } from './address-sets.js';
import { FoldedSources } from './folded-sources.js';
import { KnownHashes } from './known-hashes.js';
import { NO_SKETCH, type Sketches } from './sketches.js';
import type { Touch } from './touch.js';

export const TARGET_COUNTERS = Object.keys(TargetCounter).length;
/** Exact sources of a target in an epoch (guarantee 3). */
export const TARGET_SOURCES_EXACT_MAX = 256;
/**
 * New sources on one service of one target in an epoch beyond which they are folded into the
 * target.
 */
export const FOLD_SERVICE_SINGLES = 2048;
/** ... and on any service of it. */
export const FOLD_TARGET_SINGLES = 8192;

export class Targets {
  readonly index: AddressIndex;
  readonly counters: Uint32Array;
  /** The service most SYNs go to (Boyer-Moore majority), and its SYNs since it became that. */
  readonly topService: Int32Array;
  readonly topSyns: Uint32Array;
  private readonly topLead: Int32Array;
  /** The service most new sources come to (majority again), and all new sources. */
  private readonly newService: Int32Array;
  private readonly newLead: Int32Array;
  private readonly newSources: Int32Array;
  readonly sourceCount: Uint16Array;
  readonly firstMember: Int32Array;
  private readonly lastMember: Int32Array;
  readonly sourceSketch: Int32Array;
  /**
   * The first source, four words a target. Listed among `sources` when a second one comes: most
   * targets have one.
   */
  readonly loneSource: Int32Array;
  readonly sources: AddressSets;
  private readonly known = new KnownHashes();
  private readonly folded = new FoldedSources();
  /** Times a service of a target became what it is flooded on. */
  private floodedServices = 0;

  constructor(
    capacity: number,
    sourcesMax: number,
    readonly sketches: Sketches,
  ) {
    this.index = new AddressIndex(capacity);
    this.counters = new Uint32Array(capacity * TARGET_COUNTERS);
    this.topService = new Int32Array(capacity);
    this.topSyns = new Uint32Array(capacity);
    this.topLead = new Int32Array(capacity);
    this.newService = new Int32Array(capacity);
    this.newLead = new Int32Array(capacity);
    this.newSources = new Int32Array(capacity);
    this.sourceCount = new Uint16Array(capacity);
    this.firstMember = new Int32Array(capacity);
    this.lastMember = new Int32Array(capacity);
    this.sourceSketch = new Int32Array(capacity);
    this.loneSource = new Int32Array(capacity * 4);
    this.sources = new AddressSets(sourcesMax);
  }

  /** Whether a new source was folded in this epoch. */
  anyFlooded = false;

  /** The entry of the touch's target, made if there is room; NONE otherwise. */
  of(touch: Touch): number {
    const target = this.find(touch);
    return target === NONE ? this.add(touch) : target;
  }

  /** Counts a probe: kinds, top service, distinct sources. */
  probe(target: number, touch: Touch): void {
    const at = target * TARGET_COUNTERS;
    this.counters[at + TargetCounter.probes]++;
    if (touch.kind === ProbeKind.syn) {
      this.counters[at + TargetCounter.syns]++;
      this.countTop(target, touch.service);
    }
    this.addSource(target, touch);
  }

  count(target: number, counter: number): void {
    this.counters[target * TARGET_COUNTERS + counter]++;
  }

  /**
   * Whether a source without an entry, coming with this touch, is one of a flood's many: then it
   * is counted here and gets none, until it comes back for something else. Call it for such
   * sources only, once each touch.
   */
  folds(target: number, touch: Touch): boolean {
    this.newSources[target]++;
    if (this.newLead[target] === 0) this.newService[target] = touch.service;
    this.newLead[target] += this.newService[target] === touch.service ? 1 : -1;
    if (!this.isFlooded(target, touch.service)) return false;
    if (this.mayHide(target, touch) && this.folded.comesBack(touch)) return false;
    this.count(target, TargetCounter.singlesFolded);
    this.anyFlooded = true;
    return true;
  }

  /** Whether new sources on this service of the target are being folded. */
  isFlooded(target: number, service: number): boolean {
    return this.newSources[target] > FOLD_TARGET_SINGLES || this.isFloodedService(target, service);
  }

  /** Whether this service is what the target is flooded on. */
  isFloodedService(target: number, service: number): boolean {
    return this.newService[target] === service && this.newLead[target] > FOLD_SERVICE_SINGLES;
  }

  /** The entry of the touch's target if there is one. */
  find(touch: Touch): number {
    const { targetHash, tunnelKey, t0, t1, t2, t3 } = touch;
    if (!this.known.mayContain(targetHash)) return NONE;
    return this.index.find(targetHash, tunnelKey, t0, t1, t2, t3);
  }

  /** The entry of the address whose four words begin at `words[at]`, if there is one. */
  at(tunnelKey: number, words: Int32Array, at: number): number {
    const [w0, w1, w2, w3] = [words[at], words[at + 1], words[at + 2], words[at + 3]];
    return this.index.find(keyedHash(tunnelKey, w0, w1, w2, w3), tunnelKey, w0, w1, w2, w3);
  }

  clear(): void {
    this.index.clear();
    this.known.clear();
    this.sources.clear();
    this.folded.clear();
    this.anyFlooded = false;
    this.floodedServices = 0;
  }

  /** Whether a source can have touched something else that is flooded: nobody scans one service. */
  private mayHide(target: number, { service }: Touch): boolean {
    if (!this.isFloodedService(target, service)) return true;
    if (this.newLead[target] === FOLD_SERVICE_SINGLES + 1) this.floodedServices++;
    return this.floodedServices > 1;
  }

  private add(touch: Touch): number {
    const { targetHash, tunnelKey, t0, t1, t2, t3 } = touch;
    const target = this.index.add(targetHash, tunnelKey, t0, t1, t2, t3);
    if (target === NONE) return NONE;
    this.known.add(targetHash);
    this.counters.fill(0, target * TARGET_COUNTERS, (target + 1) * TARGET_COUNTERS);
    this.topService[target] = 0;
    this.topSyns[target] = 0;
    this.topLead[target] = 0;
    this.newService[target] = 0;
    this.newLead[target] = 0;
    this.newSources[target] = 0;
    this.sourceCount[target] = 0;
    this.firstMember[target] = NONE;
    this.lastMember[target] = NONE;
    this.sourceSketch[target] = NO_SKETCH;
    return target;
  }

  private countTop(target: number, service: number): void {
    if (this.topLead[target] === 0 && this.topService[target] !== service) {
      this.topService[target] = service;
      this.topSyns[target] = 0;
    }
    if (this.topService[target] === service) {
      this.topLead[target]++;
      this.topSyns[target]++;
    } else this.topLead[target]--;
  }

  /** Whether the target's first source is all there is: it stands in `loneSource`. */
  isLone(target: number): boolean {
    return this.sourceCount[target] === 1 && this.firstMember[target] === NONE;
  }

  private addSource(target: number, touch: Touch): void {
    if (this.sourceSketch[target] >= 0) {
      this.sketches.add(this.sourceSketch[target], sourceHash(touch));
      return;
    }
    const { targetHash, s0, s1, s2, s3 } = touch;
    const lone = this.loneSource;
    const at = target * 4;
    if (this.sourceCount[target] === 0) {
      lone[at] = s0;
      lone[at + 1] = s1;
      lone[at + 2] = s2;
      lone[at + 3] = s3;
      this.sourceCount[target] = 1;
      return;
    }
    if (this.isLone(target)) {
      if (lone[at + 3] === s3 && lone[at + 2] === s2 && lone[at + 1] === s1 && lone[at] === s0) {
        return;
      }
      this.sourceCount[target] = 0;
      if (!this.list(target, targetHash, lone[at], lone[at + 1], lone[at + 2], lone[at + 3])) {
        this.sourceCount[target] = 1;
      }
    } else if (this.sources.find(targetHash, target, s0, s1, s2, s3) !== NONE) return;
    const hasRoom = !this.isLone(target) && this.sourceCount[target] < TARGET_SOURCES_EXACT_MAX;
    if (hasRoom && this.list(target, targetHash, s0, s1, s2, s3)) return;
    if (this.sourceSketch[target] !== NO_SKETCH) return;
    const sketch = this.sketches.take();
    this.sourceSketch[target] = sketch;
    if (this.isLone(target)) {
      const hash = addressHash(HASH_SEED, lone[at], lone[at + 1], lone[at + 2], lone[at + 3]);
      this.sketches.add(sketch, hash);
    }
    for (let m = this.firstMember[target]; m !== NONE; m = this.sources.next[m]) {
      this.sketches.add(sketch, this.sources.hashOf(m));
    }
    this.sketches.add(sketch, sourceHash(touch));
  }

  /** Adds an absent source to the exact set; false when the pool is full. */
  private list(
    target: number,
    targetHash: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
  ): boolean {
    const previous = this.lastMember[target];
    const ordinal = this.sourceCount[target];
    const member = this.sources.append(targetHash, target, w0, w1, w2, w3, ordinal, previous);
    if (member === NONE) return false;
    if (previous === NONE) this.firstMember[target] = member;
    this.lastMember[target] = member;
    this.sourceCount[target]++;
    return true;
  }
}

function sourceHash(touch: Touch): number {
  return addressHash(HASH_SEED, touch.s0, touch.s1, touch.s2, touch.s3);
}
