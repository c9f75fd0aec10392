import { closeSync, openSync, writeSync } from 'node:fs';

export const LINKTYPE_ETHERNET = 1;

export interface PcapOptions {
  /** LINKTYPE_ value of the file. @defaultValue 1, Ethernet */
  linkType?: number;
  /** Largest frame the header promises. @defaultValue 262144 */
  snapLength?: number;
}

/** Bytes gathered before they are written: large enough that the system call does not show. */
const CHUNK_SIZE = 4 * 1024 * 1024;
const FRAME_HEADER_SIZE = 16;

/**
 * Writes a classic pcap file (little-endian, microseconds; draft-ietf-opsawg-pcap §4-5) through one
 * reused buffer. Frames are written in place: `begin` makes room and writes the frame's header, the
 * caller fills `bytes` from the returned offset.
 */
export class PcapWriter {
  readonly bytes = new Uint8Array(CHUNK_SIZE);
  private readonly view = new DataView(this.bytes.buffer);
  private readonly file: number;
  private used = 24;
  packetCount = 0;

  constructor(path: string, options: PcapOptions = {}) {
    this.file = openSync(path, 'w');
    this.view.setUint32(0, 0xa1b2c3d4, true);
    this.view.setUint16(4, 2, true);
    this.view.setUint16(6, 4, true);
    this.view.setUint32(16, options.snapLength ?? 262144, true);
    this.view.setUint32(20, options.linkType ?? LINKTYPE_ETHERNET, true);
  }

  /** Starts a frame of `size` bytes at `timeUs`; returns where its bytes go in `bytes`. */
  begin(timeUs: number, size: number, wireSize = size): number {
    if (this.used + FRAME_HEADER_SIZE + size > CHUNK_SIZE) this.flush();
    const at = this.used;
    const seconds = Math.floor(timeUs / 1_000_000);
    this.view.setUint32(at, seconds, true);
    this.view.setUint32(at + 4, timeUs - seconds * 1_000_000, true);
    this.view.setUint32(at + 8, size, true);
    this.view.setUint32(at + 12, wireSize, true);
    this.used = at + FRAME_HEADER_SIZE + size;
    this.packetCount++;
    return at + FRAME_HEADER_SIZE;
  }

  write(timeUs: number, frame: Uint8Array): void {
    const at = this.begin(timeUs, frame.length);
    this.bytes.set(frame, at);
  }

  close(): void {
    this.flush();
    closeSync(this.file);
  }

  private flush(): void {
    let at = 0;
    while (at < this.used) at += writeSync(this.file, this.bytes, at, this.used - at);
    this.used = 0;
  }
}

/** A timed frame, for tests that build a capture in memory. */
export interface TimedFrame {
  timeUs: number;
  frame: Uint8Array;
}

export function writePcap(
  path: string,
  frames: Iterable<TimedFrame>,
  options: PcapOptions = {},
): void {
  const writer = new PcapWriter(path, options);
  for (const { timeUs, frame } of frames) writer.write(timeUs, frame);
  writer.close();
}
