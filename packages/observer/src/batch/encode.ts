/**
 * One shard's observations of one epoch as one msgpack batch. The layout is defined in
 * `native/core/batch/layout.h`; twin: `encode.h`.
 */
import {
  BatchKind,
  CONTACT_SIZE,
  ContactAt,
  CoverageField,
  FIND_SIZE,
  FindAt,
  HIT_SIZE,
  HitAt,
  LAYOUT_VERSION,
  NO_SIGNATURE,
  PORT_PAGE_SIZE,
  PORT_PAGES,
  SINGLE_SIZE,
  SingleAt,
  SOURCE_SIGNATURES_MAX,
  HostCounter,
  TargetCounter,
} from '../../../plugin-api/src/batch-layout.js';
import { type AddressIndex, NONE } from '../observe/address-index.js';
import { HOST_COUNTERS } from '../observe/hosts.js';
import type { Observer } from '../observe/observer.js';
import { countBits, NO_PORT_SET, type PortSets } from '../observe/port-sets.js';
import { NO_SKETCH, type Sketches } from '../observe/sketches.js';
import { COUNTERS } from '../observe/source-tallies.js';
import { TARGET_COUNTERS } from '../observe/targets.js';
import { MsgpackWriter } from './msgpack.js';

/** SYNs a target must get in an epoch to be worth a line: fewer make no flood. */
export const TARGET_SYNS_MIN = 64;

/** What all batches of an epoch share. */
export interface EpochFrame {
  sensor: string;
  epochStartUs: number;
  epochUs: number;
  /** Indexed by CoverageField. */
  coverage: Float64Array;
}

export const COVERAGE_FIELDS = Object.keys(CoverageField).length;

/** What one shard's batch lists, as entry numbers. */
class ShardLists {
  readonly sources: number[] = [];
  readonly singles: number[] = [];
  readonly targets: number[] = [];
  readonly hosts: number[] = [];

  clear(): void {
    this.sources.length = 0;
    this.singles.length = 0;
    this.targets.length = 0;
    this.hosts.length = 0;
  }
}

export class BatchEncoder {
  private readonly writer = new MsgpackWriter();
  /** Signature number to its place in this batch's list, and the list. */
  private readonly place: Int32Array;
  private readonly listed: number[] = [];
  /** One per shard, filled by `gather`; and the one of a partial batch. */
  private readonly shards: ShardLists[] = [];
  private readonly alone = new ShardLists();
  /** Singles a shard lists at most. */
  private readonly share: number;
  /** Singles left out since the shard's share was full, cumulative. */
  singlesDropped = 0;

  constructor(
    private readonly observer: Observer,
    signaturesMax: number,
    singlesMax: number,
    private readonly shardCount: number,
  ) {
    this.place = new Int32Array(signaturesMax).fill(NONE);
    this.share = Math.ceil(singlesMax / shardCount);
    for (let shard = 0; shard < shardCount; shard++) this.shards.push(new ShardLists());
  }

  /** Sorts the epoch's entities by shard; `final` then writes each shard's. */
  gather(): void {
    const { sources, targets, hosts } = this.observer;
    for (const lists of this.shards) lists.clear();
    for (let s = 0; s < sources.index.used; s++) this.listsOf(sources.index, s).sources.push(s);
    const light = sources.light;
    for (let l = 0; l < light.index.used; l++) {
      if (!light.isLive(l)) continue;
      const { singles } = this.listsOf(light.index, l);
      if (singles.length < this.share) singles.push(l);
      else this.singlesDropped++;
    }
    for (let t = 0; t < targets.index.used; t++) {
      const syns = targets.counters[t * TARGET_COUNTERS + TargetCounter.syns];
      if (syns >= TARGET_SYNS_MIN) this.listsOf(targets.index, t).targets.push(t);
    }
    for (let h = 0; h < hosts.index.used; h++) {
      const at = h * HOST_COUNTERS;
      const unsolicited =
        hosts.counters[at + HostCounter.unsolicitedSynAcks] +
        hosts.counters[at + HostCounter.unsolicitedResets];
      if (unsolicited > 0) this.listsOf(hosts.index, h).hosts.push(h);
    }
  }

  /** The final batch of a shard, of what was gathered. */
  final(frame: EpochFrame, shard: number, sequence: number): Uint8Array {
    return this.write(frame, BatchKind.final, shard, sequence, this.shards[shard]);
  }

  /** A partial batch with one source alone. */
  partial(frame: EpochFrame, shard: number, sequence: number, source: number): Uint8Array {
    this.alone.clear();
    this.alone.sources.push(source);
    return this.write(frame, BatchKind.partial, shard, sequence, this.alone);
  }

  private listsOf(index: AddressIndex, entry: number): ShardLists {
    return this.shards[shardOf(index.keyedHashOf(entry), this.shardCount)];
  }

  private write(
    frame: EpochFrame,
    kind: BatchKindValue,
    shard: number,
    sequence: number,
    lists: ShardLists,
  ): Uint8Array {
    const w = this.writer;
    this.listSignatures(lists);
    w.array(14);
    w.uint(LAYOUT_VERSION);
    w.string(frame.sensor);
    w.uint(shard);
    w.uint(this.shardCount);
    w.uint(sequence);
    w.uint(kind);
    w.uint(frame.epochStartUs);
    w.uint(frame.epochUs);
    w.array(COVERAGE_FIELDS);
    for (let field = 0; field < COVERAGE_FIELDS; field++) w.uint(frame.coverage[field]);
    w.array(this.listed.length);
    for (const signature of this.listed) w.bin(this.observer.signatures.bytes(signature));
    w.array(lists.sources.length);
    for (const source of lists.sources) this.writeSource(source);
    this.writeSingles(lists.singles);
    w.array(lists.targets.length);
    for (const target of lists.targets) this.writeTarget(target);
    w.array(lists.hosts.length);
    for (const host of lists.hosts) this.writeHost(host);
    for (const signature of this.listed) this.place[signature] = NONE;
    this.listed.length = 0;
    return w.take();
  }

  private listSignatures(lists: ShardLists): void {
    const { sources } = this.observer;
    for (const source of lists.sources) {
      const at = source * SOURCE_SIGNATURES_MAX;
      for (let i = at; i < at + SOURCE_SIGNATURES_MAX; i++) this.list(sources.tallies.signature[i]);
    }
    for (const single of lists.singles) this.list(sources.light.signature[single]);
  }

  private list(signature: number): void {
    if (signature === NO_SIGNATURE || this.place[signature] !== NONE) return;
    this.place[signature] = this.listed.length;
    this.listed.push(signature);
  }

  private writeSource(source: number): void {
    const w = this.writer;
    const s = this.observer.sources;
    w.array(22);
    w.uint(s.index.key[source] >>> 0);
    this.writeAddress(s.index.words, source * 4);
    w.uint(s.firstUs[source]);
    w.uint(s.lastUs[source]);
    w.array(COUNTERS);
    for (let i = source * COUNTERS; i < (source + 1) * COUNTERS; i++) w.uint(s.tallies.counters[i]);
    this.writeSignatures(source);
    this.writeMembers(
      s.targets.words,
      s.targets.next,
      s.firstMember[source],
      s.targetCount[source],
      isV4(s.index.words, source * 4),
    );
    this.writeContacts(source);
    this.writeSketch(s.sketches, s.targetSketch[source]);
    this.writeSketch(s.sketches, s.pairSketch[source]);
    this.writePorts(s.portSets, s.portSet[source]);
    let deep = 0;
    for (let m = s.firstMember[source]; m !== NONE; m = s.targets.next[m]) {
      if (s.targets.portSet[m] !== NO_PORT_SET) deep++;
    }
    w.array(deep);
    for (let m = s.firstMember[source]; m !== NONE; m = s.targets.next[m]) {
      if (s.targets.portSet[m] === NO_PORT_SET) continue;
      w.array(2);
      w.uint(s.targets.ordinal[m]);
      this.writePorts(s.portSets, s.targets.portSet[m]);
    }
    w.uint(s.tallies.runKey[source] >>> 0);
    w.uint(s.tallies.ttlMin[source]);
    w.uint(s.tallies.ttlMax[source]);
    w.uint(s.tallies.sourcePortMin[source]);
    w.uint(s.tallies.sourcePortMax[source]);
    w.uint(s.tallies.traits[source] >>> 0);
    this.writeHits(source);
    this.writeSamples(source);
    this.writeFinds(source);
    w.uint(s.finds.missed[source]);
  }

  private writeSignatures(source: number): void {
    const w = this.writer;
    const s = this.observer.sources;
    const at = source * SOURCE_SIGNATURES_MAX;
    let count = 0;
    while (count < SOURCE_SIGNATURES_MAX && s.tallies.signature[at + count] !== NO_SIGNATURE)
      count++;
    w.array(count);
    for (let i = at; i < at + count; i++) {
      w.array(2);
      w.uint(this.place[s.tallies.signature[i]]);
      w.uint(s.tallies.signatureCount[i]);
    }
  }

  private writeContacts(source: number): void {
    const { contacts, targets, firstContact, contactCount } = this.observer.sources;
    let at = this.writer.binSpace(contactCount[source] * CONTACT_SIZE);
    const view = this.writer.bytesView;
    for (let c = firstContact[source]; c !== NONE; c = contacts.next[c]) {
      view.setUint16(at + ContactAt.target, targets.ordinal[contacts.member[c]], true);
      view.setUint8(at + ContactAt.protocol, contacts.service[c] >>> 16);
      view.setUint8(at + ContactAt.ttl, contacts.ttl[c]);
      view.setUint16(at + ContactAt.port, contacts.service[c] & 0xffff, true);
      view.setUint16(at + ContactAt.kinds, contacts.kinds[c], true);
      view.setUint16(at + ContactAt.outcome, contacts.outcome[c], true);
      view.setUint16(at + ContactAt.packets, contacts.packets[c], true);
      view.setUint32(at + ContactAt.firstUs, contacts.firstUs[c], true);
      view.setUint32(at + ContactAt.lastUs, contacts.lastUs[c], true);
      view.setInt32(at + ContactAt.tuple, contacts.tuple[c], true);
      at += CONTACT_SIZE;
    }
  }

  private writeHits(source: number): void {
    const { payloads, targets } = this.observer.sources;
    let at = this.writer.binSpace(payloads.hitCount[source] * HIT_SIZE);
    const view = this.writer.bytesView;
    for (let h = payloads.firstHit[source]; h !== NONE; h = payloads.nextHit[h]) {
      view.setInt32(at + HitAt.code, payloads.code[h], true);
      view.setUint16(at + HitAt.target, targets.ordinal[payloads.member[h]], true);
      view.setUint8(at + HitAt.protocol, payloads.service[h] >>> 16);
      view.setUint8(at + HitAt.flags, payloads.flags[h]);
      view.setUint16(at + HitAt.port, payloads.service[h] & 0xffff, true);
      view.setUint16(at + HitAt.times, payloads.count[h], true);
      at += HIT_SIZE;
    }
  }

  private writeSamples(source: number): void {
    const { payloads, targets } = this.observer.sources;
    this.writer.array(payloads.sampleCount[source]);
    for (let s = payloads.firstSample[source]; s !== NONE; s = payloads.nextSample[s]) {
      this.writer.array(3);
      this.writer.uint(targets.ordinal[payloads.sampleMember[s]]);
      this.writer.uint(payloads.samplePort[s]);
      this.writer.bin(payloads.sampleBytes(s));
    }
  }

  private writeFinds(source: number): void {
    const { finds } = this.observer.sources;
    let at = this.writer.binSpace(finds.count[source] * FIND_SIZE);
    const view = this.writer.bytesView;
    for (let f = finds.first[source]; f !== NONE; f = finds.next[f]) {
      putMember(view, at + FindAt.target, finds.words, f * 4, false);
      view.setUint8(at + FindAt.protocol, finds.service[f] >>> 16);
      view.setUint8(at + FindAt.protocol + 1, 0);
      view.setUint16(at + FindAt.port, finds.service[f] & 0xffff, true);
      at += FIND_SIZE;
    }
  }

  private writeSingles(singles: readonly number[]): void {
    const light = this.observer.sources.light;
    let at = this.writer.binSpace(singles.length * SINGLE_SIZE);
    const view = this.writer.bytesView;
    for (const l of singles) {
      view.setInt32(at + SingleAt.tunnelKey, light.index.key[l], true);
      putMember(view, at + SingleAt.source, light.index.words, l * 4, false);
      putMember(view, at + SingleAt.target, light.target, l * 4, false);
      view.setUint8(at + SingleAt.protocol, light.service[l] >>> 16);
      view.setUint8(at + SingleAt.ttl, light.ttl[l]);
      view.setUint16(at + SingleAt.port, light.service[l] & 0xffff, true);
      view.setUint16(at + SingleAt.kinds, light.kinds[l], true);
      view.setUint16(at + SingleAt.outcome, light.outcome[l], true);
      view.setUint16(at + SingleAt.packets, light.packets[l], true);
      const signature = light.signature[l];
      view.setUint16(
        at + SingleAt.signature,
        signature === NO_SIGNATURE ? NO_SIGNATURE : this.place[signature],
        true,
      );
      view.setInt32(at + SingleAt.traits, light.traits[l], true);
      view.setUint32(at + SingleAt.firstUs, light.firstUs[l], true);
      view.setUint32(at + SingleAt.lastUs, light.lastUs[l], true);
      view.setInt32(at + SingleAt.tuple, light.tuple[l], true);
      at += SINGLE_SIZE;
    }
  }

  private writeTarget(target: number): void {
    const w = this.writer;
    const t = this.observer.targets;
    w.array(7);
    w.uint(t.index.key[target] >>> 0);
    this.writeAddress(t.index.words, target * 4);
    w.array(TARGET_COUNTERS);
    for (let i = target * TARGET_COUNTERS; i < (target + 1) * TARGET_COUNTERS; i++)
      w.uint(t.counters[i]);
    w.uint(t.topService[target] & 0xffff);
    w.uint(t.topSyns[target]);
    const v4 = isV4(t.index.words, target * 4);
    if (t.isLone(target)) {
      const out = this.writer.binSpace(v4 ? 4 : 16);
      putMember(this.writer.bytesView, out, t.loneSource, target * 4, v4);
    } else {
      const { words, next } = t.sources;
      this.writeMembers(words, next, t.firstMember[target], t.sourceCount[target], v4);
    }
    this.writeSketch(t.sketches, t.sourceSketch[target]);
  }

  private writeHost(host: number): void {
    const w = this.writer;
    const h = this.observer.hosts;
    w.array(3);
    w.uint(h.index.key[host] >>> 0);
    this.writeAddress(h.index.words, host * 4);
    w.array(HOST_COUNTERS);
    for (let i = host * HOST_COUNTERS; i < (host + 1) * HOST_COUNTERS; i++) w.uint(h.counters[i]);
  }

  private writeMembers(
    words: Int32Array,
    next: Int32Array,
    first: number,
    count: number,
    v4: boolean,
  ): void {
    const size = v4 ? 4 : 16;
    let at = this.writer.binSpace(count * size);
    const view = this.writer.bytesView;
    for (let m = first; m !== NONE; m = next[m]) {
      putMember(view, at, words, m * 4, v4);
      at += size;
    }
  }

  private writeAddress(words: Int32Array, at: number): void {
    const v4 = isV4(words, at);
    const out = this.writer.binSpace(v4 ? 4 : 16);
    putMember(this.writer.bytesView, out, words, at, v4);
  }

  /** nil: no set needed; empty: one was needed and refused. */
  private writePorts(sets: PortSets, set: number): void {
    if (set === NO_PORT_SET) {
      this.writer.nil();
      return;
    }
    const pages = [];
    for (let page = 0; set >= 0 && page < PORT_PAGES; page++) {
      const bytes = sets.page(set, page);
      if (bytes !== null) pages.push({ page, bytes });
    }
    this.writer.array(pages.length);
    for (const { page, bytes } of pages) {
      this.writer.array(2);
      this.writer.uint(page);
      this.writePage(bytes);
    }
  }

  /** Whichever is shorter: its ports, or the page as it is. */
  private writePage(bytes: Uint8Array): void {
    const size = countBits(bytes) * 2;
    if (size >= PORT_PAGE_SIZE) {
      this.writer.bin(bytes);
      return;
    }
    let out = this.writer.binSpace(size);
    const view = this.writer.bytesView;
    for (let at = 0; at < PORT_PAGE_SIZE; at++) {
      for (let bits = bytes[at]; bits !== 0; bits &= bits - 1, out += 2)
        view.setUint16(out, at * 8 + 31 - Math.clz32(bits & -bits), true);
    }
  }

  /** nil: no sketch needed; empty: one was needed and refused. */
  private writeSketch(sketches: Sketches, sketch: number): void {
    if (sketch === NO_SKETCH) this.writer.nil();
    else this.writer.bin(sketch < 0 ? EMPTY : sketches.bytes(sketch));
  }
}

type BatchKindValue = (typeof BatchKind)[keyof typeof BatchKind];

const EMPTY = new Uint8Array(0);

/** The shard of an entity, by the finished hash of its tunnel key and address. */
export function shardOf(hash: number, shardCount: number): number {
  return (hash >>> 0) % shardCount;
}

/** The address in the four words from `from` on: its 4 bytes when it is of a v4 set, or all 16. */
function putMember(view: DataView, at: number, words: Int32Array, from: number, v4: boolean): void {
  if (v4) view.setInt32(at, words[from + 3]);
  else for (let word = 0; word < 4; word++) view.setInt32(at + word * 4, words[from + word]);
}

function isV4(words: Int32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff;
}
