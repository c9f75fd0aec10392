/**
 * Reads the subset of msgpack that batches use, from untrusted bytes: nothing is allocated on the
 * word of a length that the bytes do not back, and every value is checked against the range the
 * caller states. A general decoder would build whatever the bytes claim first.
 */
export class MsgpackReader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** An unsigned integer of any width, between `min` and `max` inclusive. */
  uint(min: number, max: number): number {
    const value = this.rawUint();
    if (value < min || value > max) this.fail(`${value} is not between ${min} and ${max}`);
    return value;
  }

  /** An array of exactly `count` unsigned 53-bit integers. */
  uints(count: number): number[] {
    this.array(count, count);
    const values = new Array<number>(count);
    for (let i = 0; i < count; i++) values[i] = this.uint(0, 2 ** 53 - 1);
    return values;
  }

  /** An array header; returns its element count. */
  array(min: number, max: number): number {
    const byte = this.byte();
    const count =
      (byte & 0xf0) === 0x90
        ? byte & 0x0f
        : byte === 0xdc
          ? this.sized(2)
          : byte === 0xdd
            ? this.sized(4)
            : this.fail('an array is expected');
    if (count < min || count > max) this.fail(`an array of ${count}, expected ${min} to ${max}`);
    if (count > this.bytes.length - this.at)
      this.fail(`an array of ${count} in ${this.bytes.length - this.at} bytes`);
    return count;
  }

  /** An array of at most `max` elements, each read by `read`. */
  list<T>(max: number, read: () => T): T[] {
    const count = this.array(0, max);
    const values: T[] = [];
    for (let i = 0; i < count; i++) values.push(read());
    return values;
  }

  /** A binary of at most `max` bytes: a view, not a copy. */
  bin(max: number): Uint8Array {
    const byte = this.byte();
    const size =
      byte === 0xc4
        ? this.sized(1)
        : byte === 0xc5
          ? this.sized(2)
          : byte === 0xc6
            ? this.sized(4)
            : this.fail('binary is expected');
    return this.span(size, max);
  }

  /** UTF-8 text of at most `max` bytes. */
  string(max: number): string {
    const byte = this.byte();
    const size =
      (byte & 0xe0) === 0xa0
        ? byte & 0x1f
        : byte === 0xd9
          ? this.sized(1)
          : byte === 0xda
            ? this.sized(2)
            : this.fail('text is expected');
    try {
      return UTF8.decode(this.span(size, max));
    } catch {
      return this.fail('text is not UTF-8');
    }
  }

  /** True, and skipped, when the next value is nil. */
  nil(): boolean {
    if (this.bytes[this.at] !== 0xc0) return false;
    this.at++;
    return true;
  }

  end(): void {
    if (this.at !== this.bytes.length) this.fail(`${this.bytes.length - this.at} bytes too many`);
  }

  fail(reason: string): never {
    throw new RangeError(`batch, byte ${this.at}: ${reason}`);
  }

  private rawUint(): number {
    const byte = this.byte();
    if (byte < 0x80) return byte;
    if (byte === 0xcc) return this.sized(1);
    if (byte === 0xcd) return this.sized(2);
    if (byte === 0xce) return this.sized(4);
    if (byte !== 0xcf) return this.fail('an unsigned integer is expected');
    const high = this.sized(4);
    const value = high * 0x100000000 + this.sized(4);
    return Number.isSafeInteger(value) ? value : this.fail('an integer above 2^53');
  }

  private byte(): number {
    if (this.at >= this.bytes.length) this.fail('the batch ends too early');
    return this.bytes[this.at++];
  }

  private sized(width: 1 | 2 | 4): number {
    if (this.at + width > this.bytes.length) this.fail('the batch ends too early');
    const at = this.at;
    this.at += width;
    return width === 1
      ? this.bytes[at]
      : width === 2
        ? this.view.getUint16(at)
        : this.view.getUint32(at);
  }

  private span(size: number, max: number): Uint8Array {
    if (size > max) this.fail(`${size} bytes, at most ${max}`);
    if (this.at + size > this.bytes.length) this.fail('the batch ends too early');
    const span = this.bytes.subarray(this.at, this.at + size);
    this.at += size;
    return span;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });
