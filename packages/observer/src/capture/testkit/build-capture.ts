/** Builds capture files byte by byte, right ones and wrong ones. */

/** Integers in one byte order. */
class Writer {
  readonly #parts: number[] = [];
  constructor(readonly bigEndian: boolean) {}

  uint(size: number, value: number | bigint): this {
    const bytes: number[] = [];
    for (let i = 0; i < size; i++) {
      bytes.push(Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 0xffn));
    }
    this.#parts.push(...(this.bigEndian ? bytes.reverse() : bytes));
    return this;
  }

  bytes(bytes: Uint8Array): this {
    for (const byte of bytes) this.#parts.push(byte);
    return this;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#parts);
  }
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** A frame of `size` bytes, told from others by `seed`. */
export function frameOf(size: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + seed) & 0xff);
}

export interface PcapSettings {
  magic?: number;
  bigEndian?: boolean;
  version?: [number, number];
  /** The whole 32-bit field. */
  linkType?: number;
}

export interface PcapFrame {
  seconds?: number;
  fraction?: number;
  bytes?: Uint8Array;
  wire?: number;
  /** Overrides the captured length written. */
  captured?: number;
}

const MODIFIED = 0xa1b2cd34;

export function pcapHeader(settings: PcapSettings = {}): Uint8Array {
  const { magic = 0xa1b2c3d4, bigEndian = false, version = [2, 4], linkType = 1 } = settings;
  return new Writer(bigEndian)
    .uint(4, magic)
    .uint(2, version[0])
    .uint(2, version[1])
    .uint(8, 0)
    .uint(4, 65535)
    .uint(4, linkType)
    .done();
}

export function pcapRecord(frame: PcapFrame = {}, settings: PcapSettings = {}): Uint8Array {
  const { seconds = 1, fraction = 2, bytes = frameOf(60) } = frame;
  const { captured = bytes.length, wire = bytes.length } = frame;
  const minor = settings.version?.[1] ?? 4;
  const lengths = minor < 3 ? [wire, captured] : [captured, wire];
  const writer = new Writer(settings.bigEndian ?? false)
    .uint(4, seconds)
    .uint(4, fraction)
    .uint(4, lengths[0] as number)
    .uint(4, lengths[1] as number);
  if (settings.magic === MODIFIED) writer.uint(8, 0);
  return writer.bytes(bytes).done();
}

export function pcap(frames: PcapFrame[], settings: PcapSettings = {}): Uint8Array {
  return concat(pcapHeader(settings), ...frames.map((frame) => pcapRecord(frame, settings)));
}

/** pcapng blocks in one byte order. */
export class PcapngBuilder {
  constructor(readonly bigEndian = false) {}

  #writer(): Writer {
    return new Writer(this.bigEndian);
  }

  /** Any block; `sizes` overrides the two sizes written. */
  block(type: number, body: Uint8Array, sizes?: [number, number]): Uint8Array {
    const padded = concat(body, new Uint8Array(-body.length & 3));
    const size = padded.length + 12;
    const [before, after] = sizes ?? [size, size];
    return this.#writer().uint(4, type).uint(4, before).bytes(padded).uint(4, after).done();
  }

  section(major = 1, byteOrderMagic = 0x1a2b3c4d): Uint8Array {
    const body = this.#writer().uint(4, byteOrderMagic).uint(2, major).uint(2, 0).uint(8, -1);
    return this.block(0x0a0d0d0a, body.done());
  }

  option(code: number, value: Uint8Array, size = value.length): Uint8Array {
    const padding = new Uint8Array(-value.length & 3);
    return this.#writer().uint(2, code).uint(2, size).bytes(value).bytes(padding).done();
  }

  resolution(value: number): Uint8Array {
    return this.option(9, Uint8Array.of(value));
  }

  offset(seconds: number): Uint8Array {
    return this.option(14, this.#writer().uint(8, seconds).done());
  }

  interface(linkType = 1, options: Uint8Array[] = [], snapLength = 0): Uint8Array {
    const body = this.#writer().uint(2, linkType).uint(2, 0).uint(4, snapLength);
    return this.block(1, body.bytes(concat(...options)).done());
  }

  enhanced(stamp: bigint, bytes: Uint8Array, interfaceId = 0, captured = bytes.length): Uint8Array {
    const body = this.#writer().uint(4, interfaceId);
    return this.block(6, this.#stamped(body, stamp, bytes, captured));
  }

  obsolete(stamp: bigint, bytes: Uint8Array, interfaceId = 0): Uint8Array {
    const body = this.#writer().uint(2, interfaceId).uint(2, 0xffff);
    return this.block(2, this.#stamped(body, stamp, bytes, bytes.length));
  }

  simple(bytes: Uint8Array, wire = bytes.length): Uint8Array {
    return this.block(3, this.#writer().uint(4, wire).bytes(bytes).done());
  }

  #stamped(body: Writer, stamp: bigint, bytes: Uint8Array, captured: number): Uint8Array {
    return body
      .uint(4, stamp >> 32n)
      .uint(4, stamp & 0xffffffffn)
      .uint(4, captured)
      .uint(4, bytes.length)
      .bytes(bytes)
      .done();
  }
}
