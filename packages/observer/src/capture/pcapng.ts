/**
 * Reads the blocks of a pcapng file. Twin: `native/core/capture/pcapng.{h,cc}`.
 * Source: draft-ietf-opsawg-pcapng; the obsolete packet block after draft-tuexen-opsawg-pcapng-00.
 */
import { limits } from '../base/limits.js';
import { isReadableLinkType } from '../base/link-types.js';
import { PcapngClock } from './pcapng-clock.js';
import { type Chunk, DAMAGED, type FrameSink, type FrameTally, type Record } from './record.js';

const BLOCK_SECTION = 0x0a0d0d0a;
const BLOCK_INTERFACE = 1;
const BLOCK_OBSOLETE_PACKET = 2;
const BLOCK_SIMPLE_PACKET = 3;
const BLOCK_ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Every block: 0 type u32 | 4 size u32 | body | size u32 again. */
const BLOCK_HEADER_SIZE = 8;
const BLOCK_TRAILER_SIZE = 4;
const BLOCK_SIZE_MIN = BLOCK_HEADER_SIZE + BLOCK_TRAILER_SIZE;
const SECTION_SIZE_MIN = 28;
const INTERFACE_SIZE_MIN = 20;
const STAMPED_HEADER_SIZE = 28;
const SIMPLE_HEADER_SIZE = 12;

const OPTION_END = 0;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_TIME_OFFSET = 14;

interface Interface {
  linkType: number;
  /** 0 is unlimited. */
  snapLength: number;
  readable: boolean;
  clock: PcapngClock;
}

export class PcapngReader {
  readonly tally: FrameTally = { readable: 0, unreadable: 0, unreadableType: 0 };
  reason = '';
  #hasSection = false;
  #littleEndian = true;
  #interfaces: Interface[] = [];
  /** Of the last packet that carried one. */
  #timeUs = 0;
  readonly #sink: FrameSink;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Whether a file that begins with the 4 bytes at `at` is a pcapng file. */
  static isMagic(chunk: Chunk, at: number): boolean {
    return chunk.view.getUint32(at, true) === BLOCK_SECTION;
  }

  /** What the next record is called in a message. */
  get noun(): string {
    return this.#hasSection ? 'a block' : 'its header';
  }

  /** Looks at the block at `at`. */
  read(chunk: Chunk, at: number): Record {
    const { view } = chunk;
    const size = chunk.bytes.length - at;
    if (size < BLOCK_SIZE_MIN) return -BLOCK_SIZE_MIN;
    const type = view.getUint32(at, this.#littleEndian);
    if (type === BLOCK_SECTION) {
      // A section's own byte order holds from here on; its type reads the same in both.
      this.#littleEndian = view.getUint32(at + 8, false) !== BYTE_ORDER_MAGIC;
      if (view.getUint32(at + 8, this.#littleEndian) !== BYTE_ORDER_MAGIC) {
        this.reason = 'a section header has no byte-order mark';
        return DAMAGED;
      }
    }
    const blockSize = view.getUint32(at + 4, this.#littleEndian);
    if (!this.#checkBlockSize(blockSize)) return DAMAGED;
    if (size < blockSize) return -blockSize;
    const trailer = view.getUint32(at + blockSize - BLOCK_TRAILER_SIZE, this.#littleEndian);
    if (trailer !== blockSize) {
      this.reason = `a block's two sizes disagree: ${blockSize} before it, ${trailer} after it`;
      return DAMAGED;
    }
    return this.#readBlock(type, chunk, at, blockSize) ? blockSize : DAMAGED;
  }

  #checkBlockSize(blockSize: number): boolean {
    if (blockSize < BLOCK_SIZE_MIN) {
      return this.#damaged(
        `a block claims ${blockSize} bytes, fewer than its own header has (${BLOCK_SIZE_MIN})`,
      );
    }
    if (blockSize > limits.pcapngBlockSizeMax) {
      return this.#damaged(
        `a block claims ${blockSize} bytes, more than any block has (${limits.pcapngBlockSizeMax})`,
      );
    }
    if (blockSize % 4 !== 0) {
      return this.#damaged(`a block claims ${blockSize} bytes, which is not a multiple of 4`);
    }
    return true;
  }

  // Each of the following takes a whole block of `size` bytes at `at` and returns false, with a
  // reason, when it is damaged.

  #readBlock(type: number, chunk: Chunk, at: number, size: number): boolean {
    switch (type) {
      case BLOCK_SECTION:
        return this.#readSection(chunk.view, at, size);
      case BLOCK_INTERFACE:
        return this.#readInterface(chunk.view, at, size);
      case BLOCK_ENHANCED_PACKET:
        return this.#readStampedPacket(chunk, at, size, false);
      case BLOCK_SIMPLE_PACKET:
        return this.#readSimplePacket(chunk, at, size);
      case BLOCK_OBSOLETE_PACKET:
        return this.#readStampedPacket(chunk, at, size, true);
      default:
        return true; // Names, statistics, secrets, custom: nothing to observe.
    }
  }

  /**
   * Section header block: 8 byte-order mark u32 | 12 major u16 | 14 minor u16 | 16 section size
   * u64 (unused, since writers leave it unset and it would have to be distrusted anyway) |
   * options.
   */
  #readSection(view: DataView, at: number, size: number): boolean {
    if (!this.#checkSize('a section header', size, SECTION_SIZE_MIN)) return false;
    const major = view.getUint16(at + 12, this.#littleEndian);
    const minor = view.getUint16(at + 14, this.#littleEndian);
    if (major !== 1) {
      return this.#damaged(`pcapng version ${major}.${minor} is not one that can be read (1.x)`);
    }
    this.#interfaces = [];
    this.#hasSection = true;
    return true;
  }

  /** Interface description block: 8 link type u16 | 10 reserved | 12 snap length u32 | options. */
  #readInterface(view: DataView, at: number, size: number): boolean {
    if (!this.#checkSize('an interface description', size, INTERFACE_SIZE_MIN)) return false;
    if (this.#interfaces.length === limits.pcapngInterfacesMax) {
      return this.#damaged(
        `a section describes more than ${limits.pcapngInterfacesMax} interfaces`,
      );
    }
    const linkType = view.getUint16(at + 8, this.#littleEndian);
    const described: Interface = {
      linkType,
      snapLength: view.getUint32(at + 12, this.#littleEndian),
      readable: isReadableLinkType(linkType),
      clock: new PcapngClock(),
    };
    if (!this.#readClock(view, at + 16, at + size - BLOCK_TRAILER_SIZE, described.clock))
      return false;
    this.#interfaces.push(described);
    return true;
  }

  /** Options from `at` to `end`: code u16 | size u16 | value, padded to 4 bytes. */
  #readClock(view: DataView, at: number, end: number, clock: PcapngClock): boolean {
    while (end - at >= 4) {
      const code = view.getUint16(at, this.#littleEndian);
      const valueSize = view.getUint16(at + 2, this.#littleEndian);
      if (code === OPTION_END) return true;
      at += 4;
      if (valueSize > end - at) {
        return this.#damaged('an option of an interface description runs past its block');
      }
      if (code === OPTION_TIME_RESOLUTION) {
        if (valueSize !== 1 || !clock.setResolution(view.getUint8(at))) {
          return this.#damaged("an interface's time resolution cannot be read");
        }
      } else if (code === OPTION_TIME_OFFSET) {
        if (valueSize !== 8) return this.#damaged("an interface's time offset cannot be read");
        clock.setOffset(view.getBigInt64(at, this.#littleEndian));
      }
      at += (valueSize + 3) & ~3;
    }
    return true;
  }

  /**
   * Enhanced packet block: 8 interface u32. Obsolete packet block: 8 interface u16 | 10 drops
   * u16. Both from 12: time stamp u32 high, u32 low | 20 captured u32 | 24 wire u32 | 28 frame |
   * options.
   */
  #readStampedPacket(
    { bytes, view }: Chunk,
    at: number,
    size: number,
    isObsolete: boolean,
  ): boolean {
    if (!this.#checkSize('a packet block', size, STAMPED_HEADER_SIZE + BLOCK_TRAILER_SIZE))
      return false;
    const id = isObsolete
      ? view.getUint16(at + 8, this.#littleEndian)
      : view.getUint32(at + 8, this.#littleEndian);
    const by = this.#interfaces[id];
    if (!by) return this.#interfaceMissing(id);
    const high = view.getUint32(at + 12, this.#littleEndian);
    const low = view.getUint32(at + 16, this.#littleEndian);
    const captured = view.getUint32(at + 20, this.#littleEndian);
    if (!this.#checkCaptured(captured, size - STAMPED_HEADER_SIZE - BLOCK_TRAILER_SIZE))
      return false;
    this.#timeUs = by.clock.timeUs(high, low);
    const wire = view.getUint32(at + 24, this.#littleEndian);
    this.#deliver(by, bytes, at + STAMPED_HEADER_SIZE, captured, wire);
    return true;
  }

  /**
   * Simple packet block: 8 wire u32 | 12 frame. It is the first interface's and carries no time:
   * the time of the packet before it stands in, 0 when there was none.
   */
  #readSimplePacket({ bytes, view }: Chunk, at: number, size: number): boolean {
    if (!this.#checkSize('a simple packet block', size, SIMPLE_HEADER_SIZE + BLOCK_TRAILER_SIZE))
      return false;
    const by = this.#interfaces[0];
    if (!by) return this.#interfaceMissing(0);
    const wire = view.getUint32(at + 8, this.#littleEndian);
    let captured = Math.min(wire, size - SIMPLE_HEADER_SIZE - BLOCK_TRAILER_SIZE);
    if (by.snapLength !== 0) captured = Math.min(captured, by.snapLength);
    if (!this.#checkCaptured(captured, captured)) return false;
    this.#deliver(by, bytes, at + SIMPLE_HEADER_SIZE, captured, wire);
    return true;
  }

  #deliver(by: Interface, bytes: Uint8Array, from: number, captured: number, wire: number): void {
    if (by.readable) this.tally.readable++;
    else if (this.tally.unreadable++ === 0) this.tally.unreadableType = by.linkType;
    this.#sink(bytes, from, captured, Math.max(captured, wire), this.#timeUs, by.linkType);
  }

  #checkSize(name: string, size: number, sizeMin: number): boolean {
    if (size >= sizeMin) return true;
    return this.#damaged(`${name} has ${size} bytes, fewer than its own header has (${sizeMin})`);
  }

  #checkCaptured(captured: number, present: number): boolean {
    if (captured > limits.frameSizeMax) {
      return this.#damaged(
        `a packet block claims ${captured} bytes, more than any frame has (${limits.frameSizeMax})`,
      );
    }
    if (captured > present) {
      return this.#damaged(`a packet block claims ${captured} bytes, but has room for ${present}`);
    }
    return true;
  }

  #interfaceMissing(id: number): boolean {
    return this.#damaged(
      `a packet names interface ${id}, but its section has described ${this.#interfaces.length}`,
    );
  }

  #damaged(reason: string): boolean {
    this.reason = reason;
    return false;
  }
}
