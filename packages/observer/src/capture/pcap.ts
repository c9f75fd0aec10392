/**
 * Reads the records of a pcap file. Twin: `native/core/capture/pcap.{h,cc}`.
 * Source: draft-ietf-opsawg-pcap; the modified format after Alexey Kuznetzov's libpcap patch.
 */
import { limits } from '../base/limits.js';
import { isReadableLinkType } from '../base/link-types.js';
import { type Chunk, DAMAGED, type FrameSink, type FrameTally, type Record } from './record.js';

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
/**
 * Kuznetzov's: the record header has interface index, protocol, packet type and padding after it.
 */
const MAGIC_MODIFIED = 0xa1b2cd34;
const FRAME_SIZE_MAX = limits.frameSizeMax;
const HEADER_SIZE = 24;
const RECORD_HEADER_SIZE = 16;
const MODIFIED_RECORD_HEADER_SIZE = 24;
/** DG/UX tcpdump wrote this as its version; the layout is that of 2.2. */
const VERSION_MAJOR_DGUX = 543;

/**
 * Order of the two lengths of a packet record: versions before 2.3 wrote the wire's first, and
 * 2.3 either.
 */
type LengthOrder = 'captured-first' | 'wire-first' | 'smaller-is-captured';

const isKnown = (magic: number) =>
  magic === MAGIC_MICROSECONDS || magic === MAGIC_NANOSECONDS || magic === MAGIC_MODIFIED;

export class PcapReader {
  readonly tally: FrameTally = { readable: 0, unreadable: 0, unreadableType: 0 };
  reason = '';
  #hasHeader = false;
  #littleEndian = true;
  #nanoseconds = false;
  #lengthOrder: LengthOrder = 'captured-first';
  #recordHeaderSize = RECORD_HEADER_SIZE;
  #linkType = 0;
  #readable = false;
  readonly #sink: FrameSink;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Whether a file that begins with the 4 bytes at `at` is a pcap file. */
  static isMagic(chunk: Chunk, at: number): boolean {
    return isKnown(chunk.view.getUint32(at, true)) || isKnown(chunk.view.getUint32(at, false));
  }

  /** What the next record is called in a message. */
  get noun(): string {
    return this.#hasHeader ? 'a packet record' : 'its header';
  }

  /** Looks at the record at `at`: the file's header first, then packets. */
  read(chunk: Chunk, at: number): Record {
    if (!this.#hasHeader) return this.#readHeader(chunk, at);
    const size = chunk.bytes.length - at;
    if (size < this.#recordHeaderSize) return -this.#recordHeaderSize;
    const { view } = chunk;
    const seconds = view.getUint32(at, this.#littleEndian);
    const fraction = view.getUint32(at + 4, this.#littleEndian);
    let captured = view.getUint32(at + 8, this.#littleEndian);
    let wire = view.getUint32(at + 12, this.#littleEndian);
    if (
      this.#lengthOrder === 'wire-first' ||
      (this.#lengthOrder === 'smaller-is-captured' && captured > wire)
    ) {
      [captured, wire] = [wire, captured];
    }
    if (captured > FRAME_SIZE_MAX) {
      return this.#damaged(
        `a packet record claims ${captured} bytes, more than any frame has (${FRAME_SIZE_MAX})`,
      );
    }
    const recordSize = this.#recordHeaderSize + captured;
    if (size < recordSize) return -recordSize;
    if (this.#readable) this.tally.readable++;
    else if (this.tally.unreadable++ === 0) this.tally.unreadableType = this.#linkType;
    const timeUs =
      seconds * 1_000_000 + (this.#nanoseconds ? Math.floor(fraction / 1000) : fraction);
    const from = at + this.#recordHeaderSize;
    this.#sink(chunk.bytes, from, captured, Math.max(captured, wire), timeUs, this.#linkType);
    return recordSize;
  }

  /**
   * Header: 0 magic u32 | 4 major u16 | 6 minor u16 | 8 time zone, accuracy (unused) | 16 snap
   * length u32 | 20 link type u32, of which the upper half says whether frames end in a check
   * sequence.
   */
  #readHeader({ bytes, view }: Chunk, at: number): Record {
    if (bytes.length - at < HEADER_SIZE) return -HEADER_SIZE;
    this.#littleEndian = !isKnown(view.getUint32(at, false));
    const magic = view.getUint32(at, this.#littleEndian);
    const major = view.getUint16(at + 4, this.#littleEndian);
    const minor = view.getUint16(at + 6, this.#littleEndian);
    const isDgux = major === VERSION_MAJOR_DGUX && minor === 0;
    if (!isDgux && (major !== 2 || minor > 4)) {
      return this.#damaged(
        `pcap version ${major}.${minor} is not one that can be read (2.0 to 2.4)`,
      );
    }
    if (isDgux || minor < 3) this.#lengthOrder = 'wire-first';
    if (!isDgux && minor === 3) this.#lengthOrder = 'smaller-is-captured';
    this.#nanoseconds = magic === MAGIC_NANOSECONDS;
    this.#recordHeaderSize =
      magic === MAGIC_MODIFIED ? MODIFIED_RECORD_HEADER_SIZE : RECORD_HEADER_SIZE;
    this.#linkType = view.getUint32(at + 20, this.#littleEndian) & 0xffff;
    this.#readable = isReadableLinkType(this.#linkType);
    this.#hasHeader = true;
    return HEADER_SIZE;
  }

  #damaged(reason: string): Record {
    this.reason = reason;
    return DAMAGED;
  }
}
