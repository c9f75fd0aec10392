import { PcapReader } from './pcap.js';
import { PcapngReader } from './pcapng.js';
import { type Chunk, chunkOf, DAMAGED, type FrameSink, type Record } from './record.js';

/** Why a capture could not be read to its end. Everything before `offset` has been delivered. */
export interface Damage {
  /** Bytes from the start of the (uncompressed) file to the damaged record. */
  offset: number;
  /** For people; the clause after "FILE, byte OFFSET:". */
  reason: string;
}

const MAGIC_SIZE = 4;
const CARRY_SIZE_START = 4096;

/**
 * Takes a capture file in pieces and delivers its frames. Twin:
 * `native/core/capture/parser.{h,cc}`: same frames, and the same damage with the same offset and
 * words, wherever the pieces are cut.
 */
export class CaptureParser {
  #damage: Damage | undefined;
  readonly #pcap: PcapReader;
  readonly #pcapng: PcapngReader;
  #reader: PcapReader | PcapngReader | undefined;
  /** Offset of the record being read. */
  #offset = 0;
  /** Offset of the first frame with an unreadable link type. */
  #firstUnreadable = 0;
  /**
   * The beginning of a record whose end has not come yet: the first `#carried` bytes of `#carry`.
   */
  #carry = new Uint8Array(CARRY_SIZE_START);
  #carried = 0;
  /** Bytes of that record needed to go on. */
  #needed = 0;

  constructor(sink: FrameSink) {
    this.#pcap = new PcapReader(sink);
    this.#pcapng = new PcapngReader(sink);
  }

  get damage(): Damage | undefined {
    return this.#damage;
  }

  /**
   * Delivers every frame that is complete with these bytes. Frames inside the chunk are not
   * copied; a frame cut by its end is kept, at most `limits.pcapngBlockSizeMax` bytes. Does
   * nothing once damaged.
   */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (!this.#damage && this.#carried > 0 && at < bytes.length) at += this.#fill(bytes, at);
    if (this.#damage || at === bytes.length) return;
    at = this.#drain(bytes, at);
    if (!this.#damage) this.#keep(bytes, at, bytes.length);
  }

  /**
   * The file is over. Finds it damaged if it ended inside a record, and also, at the first frame,
   * if it held frames and the decoder can read none of them for their link type.
   */
  end(): void {
    const reader = this.#reader;
    if (this.#damage) return;
    if (!reader) {
      this.#fail(this.#carried === 0 ? 'the file is empty' : this.#strangerCutShort());
    } else if (this.#carried > 0) {
      const present = `${this.#carried} of ${this.#needed} bytes are there`;
      this.#fail(`the file ends inside ${reader.noun}: ${present}`);
    } else if (reader.tally.unreadable > 0 && reader.tally.readable === 0) {
      const { unreadable, unreadableType } = reader.tally;
      this.#offset = this.#firstUnreadable;
      this.#fail(
        `no frame can be read: link type ${unreadableType} is not supported (${unreadable} frames)`,
      );
    }
  }

  /**
   * Completes the record in the carry as far as it is known to reach, and reads it. Returns the
   * bytes taken. The carry never holds more than its record needs, so it is empty after a whole
   * one.
   */
  #fill(bytes: Uint8Array, at: number): number {
    const taken = Math.min(bytes.length - at, this.#needed - this.#carried);
    this.#keep(bytes, at, at + taken);
    if (this.#carried < this.#needed) return taken;
    const record = this.#read(chunkOf(this.#carry.subarray(0, this.#carried)), 0);
    if (record < 0) this.#needed = -record;
    if (record > 0) this.#carried = 0;
    return taken;
  }

  /**
   * Reads records straight from the chunk. Returns where the record begins that is not whole in
   * it.
   */
  #drain(bytes: Uint8Array, at: number): number {
    const chunk = chunkOf(bytes);
    while (at < bytes.length) {
      const record = this.#read(chunk, at);
      if (record < 0) this.#needed = -record;
      if (record <= 0) break;
      at += record;
    }
    return at;
  }

  #keep(bytes: Uint8Array, at: number, end: number): void {
    const size = this.#carried + end - at;
    if (size > this.#carry.length) {
      const larger = new Uint8Array(Math.max(size, this.#carry.length * 2));
      larger.set(this.#carry.subarray(0, this.#carried));
      this.#carry = larger;
    }
    this.#carry.set(bytes.subarray(at, end), this.#carried);
    this.#carried = size;
  }

  #read(chunk: Chunk, at: number): Record {
    const reader = this.#reader;
    if (!reader) return this.#readMagic(chunk, at);
    const wasReadable = reader.tally.unreadable === 0;
    const record = reader.read(chunk, at);
    if (record === DAMAGED) this.#fail(reader.reason);
    if (wasReadable && reader.tally.unreadable > 0) this.#firstUnreadable = this.#offset;
    if (record > 0) this.#offset += record;
    return record;
  }

  /**
   * Finds the format out by its first bytes and consumes none: the header is read from its
   * beginning.
   */
  #readMagic(chunk: Chunk, at: number): Record {
    if (chunk.bytes.length - at < MAGIC_SIZE) return -MAGIC_SIZE;
    if (PcapReader.isMagic(chunk, at)) this.#reader = this.#pcap;
    else if (PcapngReader.isMagic(chunk, at)) this.#reader = this.#pcapng;
    else {
      const beginning = hex(chunk.bytes.subarray(at, at + MAGIC_SIZE));
      this.#fail(`it begins with ${beginning}, which is neither pcap nor pcapng`);
      return DAMAGED;
    }
    return this.#read(chunk, at);
  }

  #strangerCutShort(): string {
    const beginning = hex(this.#carry.subarray(0, this.#carried));
    return `it begins with ${beginning} and ends there: neither pcap nor pcapng`;
  }

  #fail(reason: string): void {
    this.#damage = { offset: this.#offset, reason };
    this.#carried = 0;
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
