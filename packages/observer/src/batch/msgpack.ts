/**
 * Writes the subset of msgpack that batches use: unsigned integers in their shortest form, strings,
 * binary, nil and arrays. Byte for byte what `native/core/batch/msgpack.h` writes.
 */
export class MsgpackWriter {
  private buffer = new Uint8Array(4096);
  private view = new DataView(this.buffer.buffer);
  private at = 0;
  private readonly utf8 = new TextEncoder();

  /** Integers 0 to 2^53 - 1. */
  uint(value: number): void {
    this.reserve(9);
    if (value < 0x80) this.buffer[this.at++] = value;
    else if (value <= 0xff) {
      this.buffer[this.at++] = 0xcc;
      this.buffer[this.at++] = value;
    } else if (value <= 0xffff) {
      this.buffer[this.at++] = 0xcd;
      this.view.setUint16(this.at, value);
      this.at += 2;
    } else if (value <= 0xffffffff) {
      this.buffer[this.at++] = 0xce;
      this.view.setUint32(this.at, value);
      this.at += 4;
    } else {
      this.buffer[this.at++] = 0xcf;
      this.view.setUint32(this.at, Math.floor(value / 0x100000000));
      this.view.setUint32(this.at + 4, value % 0x100000000);
      this.at += 8;
    }
  }

  nil(): void {
    this.reserve(1);
    this.buffer[this.at++] = 0xc0;
  }

  array(size: number): void {
    this.reserve(5);
    if (size < 16) this.buffer[this.at++] = 0x90 | size;
    else this.sized(size, 0, 0xdc, 0xdd);
  }

  string(text: string): void {
    const bytes = this.utf8.encode(text);
    this.reserve(5 + bytes.length);
    if (bytes.length < 32) this.buffer[this.at++] = 0xa0 | bytes.length;
    else this.sized(bytes.length, 0xd9, 0xda, 0xdb);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  bin(bytes: Uint8Array): void {
    const at = this.binSpace(bytes.length);
    this.buffer.set(bytes, at);
  }

  /**
   * Writes a binary header and returns where its `size` bytes go; fill them through `bytesView`.
   */
  binSpace(size: number): number {
    this.reserve(5 + size);
    this.sized(size, 0xc4, 0xc5, 0xc6);
    const at = this.at;
    this.at += size;
    return at;
  }

  /** The buffer being written; valid until the next call that grows it. */
  get bytesView(): DataView {
    return this.view;
  }

  /** A copy of what was written since the last `take`, and a fresh start. */
  take(): Uint8Array {
    const bytes = this.buffer.slice(0, this.at);
    this.at = 0;
    return bytes;
  }

  private sized(size: number, one: number, two: number, four: number): void {
    if (one !== 0 && size <= 0xff) {
      this.buffer[this.at++] = one;
      this.buffer[this.at++] = size;
    } else if (size <= 0xffff) {
      this.buffer[this.at++] = two;
      this.view.setUint16(this.at, size);
      this.at += 2;
    } else {
      this.buffer[this.at++] = four;
      this.view.setUint32(this.at, size);
      this.at += 4;
    }
  }

  private reserve(extra: number): void {
    if (this.at + extra <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.at + extra));
    grown.set(this.buffer.subarray(0, this.at));
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }
}
