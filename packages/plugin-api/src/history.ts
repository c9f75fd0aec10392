/**
 * Long memory: what a source tried over hours, for scans slower than every window. Up to a million
 * sources in typed arrays that grow with them: 64 bytes a source and 12 a contact, in chained
 * blocks.
 * When it is full, sources whose contacts succeed are forgotten first (guarantee 4).
 *
 * Every decided contact moves the sequential hypothesis test of Jung et al. 2004 (TRW): a benign
 * source's first contacts succeed with probability 0.8, a scanner's with 0.2.
 */
import { finish, HASH_SEED, mix } from './hash.js';
import { BLOCK_WORDS, checkPacked, ENTRIES_MAX, type PackedHistories } from './history-packed.js';
import { addressHash, addressWord } from './contact.js';

/** Log-likelihood steps and bounds of the test: detection 0.99, false alarm 0.01. */
const STEP_SERVED = Math.log(0.2 / 0.8);
const STEP_FAILED = Math.log(0.8 / 0.2);
/** Silence weighs a little more than a refusal: hosts that are there refuse. */
const STEP_SILENT = STEP_FAILED * 1.2;
export const SCANNER_AT = Math.log(0.99 / 0.01);
const BENIGN_AT = Math.log(0.01 / 0.99);
const STEP_LIMIT = 20;

const ENTRY_WORDS = 3;
const BLOCK_ENTRIES = BLOCK_WORDS / ENTRY_WORDS;
/** Sources looked at when one must go; the most benign of them, then the oldest, does. */
const EVICTION_SAMPLE = 16;
/** Room for so many sources at first; it doubles when they are more. */
const ROOM_FIRST = 1024;
const NONE = -1;

/** What is remembered of a source's contacts over one horizon. */
export interface HistorySummary {
  horizonS: number;
  failed: number;
  failedTargets: number;
  failedPorts: number;
  firstS: number;
  lastS: number;
  /** IPv4 targets (as numbers) and ports, most recent first, bounded. */
  targets: number[];
  ports: number[];
}

export class Histories {
  /** Sources there is room for in the arrays, a power of two; they grow up to `sourcesMax`. */
  private room = 0;
  private buckets = new Int32Array(0);
  private nextInBucket = new Int32Array(0);
  private nameHash = new Int32Array(0);
  private readonly names: (string | null)[] = [];
  private llr = new Float32Array(0);
  private lastS = new Uint32Array(0);
  private fastS = new Uint32Array(0);
  private repeats = new Uint32Array(0);
  private head = new Int32Array(0);
  private count = new Uint16Array(0);
  private flags = new Uint8Array(0);
  private readonly blocks: Int32Array[] = [];
  private nextBlock: Int32Array = new Int32Array(0);
  private freeBlock = NONE;
  private usedBlocks = 0;
  private used = 0;
  private hand = 0;
  private readonly free: number[] = [];
  /** Sources and contacts forgotten to make room, cumulative. */
  forgottenSources = 0;
  forgottenContacts = 0;

  /** `sourcesMax` sources, with one block of contacts each and a quarter more to share. */
  constructor(
    private readonly sourcesMax: number,
    private readonly blocksMax = Math.ceil(sourcesMax * 1.25),
  ) {
    if (!(sourcesMax >= 1))
      throw new RangeError(`${sourcesMax} sources: at least one must be remembered`);
    this.reserve(Math.min(sourcesMax, ROOM_FIRST));
  }

  /** The part in use, for a checkpoint. The arrays are views, good until the next change. */
  pack(): PackedHistories {
    const { used } = this;
    return {
      sourcesMax: this.sourcesMax,
      blocksMax: this.blocksMax,
      names: this.names.slice(0, used),
      llr: this.llr.subarray(0, used),
      lastS: this.lastS.subarray(0, used),
      fastS: this.fastS.subarray(0, used),
      repeats: this.repeats.subarray(0, used),
      head: this.head.subarray(0, used),
      count: this.count.subarray(0, used),
      flags: this.flags.subarray(0, used),
      nextBlock: this.nextBlock.subarray(0, this.usedBlocks),
      blocks: this.packBlocks(),
      freeBlock: this.freeBlock,
      hand: this.hand,
      free: this.free,
      forgotten: [this.forgottenSources, this.forgottenContacts],
    };
  }

  /** @throws RangeError when what is packed is of another form. */
  static unpack(packed: unknown): Histories {
    const p = checkPacked(packed);
    const histories = new Histories(p.sourcesMax, p.blocksMax);
    histories.reserve(p.names.length);
    histories.nextBlock = extended(p.nextBlock, p.nextBlock.length);
    const { llr, lastS, fastS, repeats, head, count, flags } = histories;
    llr.set(p.llr);
    lastS.set(p.lastS);
    fastS.set(p.fastS);
    repeats.set(p.repeats);
    head.set(p.head);
    count.set(p.count);
    flags.set(p.flags);
    histories.used = p.names.length;
    histories.usedBlocks = p.nextBlock.length;
    for (let block = 0; block < histories.usedBlocks; block++) {
      const { words, at } = histories.blockAt(block);
      words.set(p.blocks.subarray(block * BLOCK_WORDS, (block + 1) * BLOCK_WORDS), at);
    }
    histories.freeBlock = p.freeBlock;
    histories.hand = p.hand;
    histories.free.push(...p.free);
    [histories.forgottenSources, histories.forgottenContacts] = p.forgotten;
    for (const [record, name] of p.names.entries()) {
      histories.names[record] = name;
      if (name !== null) histories.link(record, keyHash(name));
    }
    return histories;
  }

  get size(): number {
    return this.used - this.free.length;
  }

  /** The record of a source by its entity key, or -1. */
  find(key: string): number {
    const hash = keyHash(key);
    for (let r = this.buckets[this.bucketOf(hash)]; r !== NONE; r = this.nextInBucket[r]) {
      if (this.nameHash[r] === hash && this.names[r] === key) return r;
    }
    return NONE;
  }

  /** Remembers a decided contact. `nowS` in seconds of packet time. Returns the source's record. */
  note(
    key: string,
    target: string,
    protocol: number,
    port: number,
    served: boolean,
    silent: boolean,
    nowS: number,
  ): number {
    let record = this.find(key);
    if (record === NONE) record = this.add(key);
    this.lastS[record] = nowS;
    const step = served ? STEP_SERVED : silent ? STEP_SILENT : STEP_FAILED;
    this.llr[record] = Math.min(STEP_LIMIT, Math.max(BENIGN_AT, this.llr[record] + step));
    if (!served) this.push(record, target, protocol, port, nowS);
    return record;
  }

  /** A contact that failed before was tried again: clients retry, scanners go on. */
  noteRepeat(record: number): void {
    this.repeats[record]++;
  }

  /** A faster detector has the source at `nowS`: until then this memory need not speak of it. */
  noteFast(record: number, nowS: number): void {
    this.fastS[record] = nowS;
  }

  /** The source's probes come from a user-space stack or carry a mark. */
  noteRaw(record: number): void {
    this.flags[record] |= 1;
  }

  likelihood(record: number): number {
    return this.llr[record];
  }

  isRaw(record: number): boolean {
    return (this.flags[record] & 1) !== 0;
  }

  /** Tries after the first, per failed contact. */
  repeatRatio(record: number): number {
    return this.count[record] === 0 ? 0 : this.repeats[record] / this.count[record];
  }

  fastAt(record: number): number {
    return this.fastS[record];
  }

  failedCount(record: number): number {
    return this.count[record];
  }

  /**
   * What failed in the last `horizonS` seconds, and since the faster detectors last had the source.
   */
  summarize(record: number, horizonS: number, nowS: number): HistorySummary {
    const oldest = Math.max(nowS - horizonS, this.fastS[record]);
    const targets = new Set<number>();
    const ports = new Set<number>();
    const pairs = new Set<string>();
    let firstS = Number.POSITIVE_INFINITY;
    let lastS = 0;
    let left = this.count[record];
    for (let block = this.head[record]; block !== NONE && left > 0; block = this.nextBlock[block]) {
      const { words, at } = this.blockAt(block);
      const inBlock = ((left - 1) % BLOCK_ENTRIES) + 1;
      for (let entry = 0; entry < inBlock; entry++) {
        const seconds = words[at + entry * ENTRY_WORDS + 2] >>> 0;
        if (seconds < oldest) continue;
        const target = words[at + entry * ENTRY_WORDS] >>> 0;
        const service = words[at + entry * ENTRY_WORDS + 1];
        targets.add(target);
        ports.add(service);
        pairs.add(`${target} ${service}`);
        firstS = Math.min(firstS, seconds);
        lastS = Math.max(lastS, seconds);
      }
      left -= inBlock;
    }
    return {
      horizonS,
      failed: pairs.size,
      failedTargets: targets.size,
      failedPorts: ports.size,
      firstS,
      lastS,
      targets: [...targets].slice(0, LISTED_MAX),
      ports: [...ports].map((s) => s & 0xffff).slice(0, LISTED_MAX),
    };
  }

  private add(key: string): number {
    let record = this.free.pop() ?? NONE;
    if (record === NONE) record = this.used < this.sourcesMax ? this.used++ : this.evict();
    this.reserve(this.used);
    this.names[record] = key;
    this.link(record, keyHash(key));
    this.llr[record] = 0;
    this.fastS[record] = 0;
    this.repeats[record] = 0;
    this.count[record] = 0;
    this.flags[record] = 0;
    return record;
  }

  private link(record: number, hash: number): void {
    this.nameHash[record] = hash;
    this.chain(record);
  }

  private chain(record: number): void {
    const bucket = this.bucketOf(this.nameHash[record]);
    this.nextInBucket[record] = this.buckets[bucket];
    this.buckets[bucket] = record;
  }

  private bucketOf(hash: number): number {
    return hash & (this.room - 1);
  }

  /** Makes room for `count` sources, and with it their buckets anew. */
  private reserve(count: number): void {
    if (count <= this.room) return;
    const before = this.room;
    this.room = 2 ** Math.ceil(Math.log2(Math.max(16, count)));
    this.nextInBucket = new Int32Array(this.room);
    this.nameHash = extended(this.nameHash, this.room);
    this.llr = extended(this.llr, this.room);
    this.lastS = extended(this.lastS, this.room);
    this.fastS = extended(this.fastS, this.room);
    this.repeats = extended(this.repeats, this.room);
    this.head = extended(this.head, this.room).fill(NONE, before);
    this.count = extended(this.count, this.room);
    this.flags = extended(this.flags, this.room);
    this.buckets = new Int32Array(this.room).fill(NONE);
    for (let record = 0; record < before; record++)
      if (typeof this.names[record] === 'string') this.chain(record);
  }

  private packBlocks(): Int32Array {
    const all = new Int32Array(this.usedBlocks * BLOCK_WORDS);
    for (let block = 0; block < this.usedBlocks; block++) {
      const { words, at } = this.blockAt(block);
      all.set(words.subarray(at, at + BLOCK_WORDS), block * BLOCK_WORDS);
    }
    return all;
  }

  /** Frees the most benign, then oldest, of a few records after the hand. */
  private evict(): number {
    let worst = this.hand;
    for (let i = 0; i < EVICTION_SAMPLE; i++) {
      const r = (this.hand + i) % this.used;
      if (
        this.llr[r] < this.llr[worst] ||
        (this.llr[r] === this.llr[worst] && this.lastS[r] < this.lastS[worst])
      )
        worst = r;
    }
    this.hand = (this.hand + EVICTION_SAMPLE) % this.used;
    this.forgottenSources++;
    this.unlink(worst);
    return worst;
  }

  private unlink(record: number): void {
    const bucket = this.bucketOf(this.nameHash[record]);
    if (this.buckets[bucket] === record) this.buckets[bucket] = this.nextInBucket[record];
    else {
      let before = this.buckets[bucket];
      while (this.nextInBucket[before] !== record) before = this.nextInBucket[before];
      this.nextInBucket[before] = this.nextInBucket[record];
    }
    for (let block = this.head[record]; block !== NONE; ) {
      const next = this.nextBlock[block];
      this.nextBlock[block] = this.freeBlock;
      this.freeBlock = block;
      block = next;
    }
    this.head[record] = NONE;
    this.names[record] = null;
  }

  private push(record: number, target: string, protocol: number, port: number, nowS: number): void {
    if (this.count[record] >= ENTRIES_MAX) {
      this.forgottenContacts++;
      return;
    }
    const inBlock = this.count[record] % BLOCK_ENTRIES;
    if (inBlock === 0) {
      const fresh = this.takeBlock();
      if (fresh === NONE) {
        this.forgottenContacts++;
        return;
      }
      this.nextBlock[fresh] = this.head[record];
      this.head[record] = fresh;
    }
    const { words, at } = this.blockAt(this.head[record]);
    const entry = at + inBlock * ENTRY_WORDS;
    words[entry] = target.length === 4 ? addressWord(target, 0) : addressHash(target);
    words[entry + 1] = (protocol << 16) | port;
    words[entry + 2] = nowS;
    this.count[record]++;
  }

  private takeBlock(): number {
    if (this.freeBlock !== NONE) {
      const block = this.freeBlock;
      this.freeBlock = this.nextBlock[block];
      return block;
    }
    if (this.usedBlocks === this.blocksMax) return NONE;
    if (this.usedBlocks === this.nextBlock.length)
      this.nextBlock = extended(this.nextBlock, Math.max(ROOM_FIRST, 2 * this.usedBlocks));
    return this.usedBlocks++;
  }

  /** Blocks live in slabs, allocated as they are needed: a quiet sensor stays small. */
  private blockAt(block: number): { words: Int32Array; at: number } {
    const slab = Math.floor(block / SLAB_BLOCKS);
    this.blocks[slab] ??= new Int32Array(SLAB_BLOCKS * BLOCK_WORDS);
    return { words: this.blocks[slab], at: (block % SLAB_BLOCKS) * BLOCK_WORDS };
  }
}

const SLAB_BLOCKS = 4096;
const LISTED_MAX = 256;
type Column = Int32Array | Uint32Array | Float32Array | Uint16Array | Uint8Array;

/** A copy of `length` members: the ones there are, and zeros. */
function extended<T extends Column>(column: T, length: number): T {
  const longer = new (column.constructor as new (length: number) => T)(length);
  longer.set(column);
  return longer;
}

function keyHash(key: string): number {
  let hash = HASH_SEED | 0;
  for (let at = 0; at < key.length; at++) hash = mix(hash, key.charCodeAt(at));
  return finish(hash);
}
