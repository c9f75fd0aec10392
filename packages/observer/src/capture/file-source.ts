import { closeSync, openSync, readSync } from 'node:fs';
import { type Damage, CaptureParser } from './parser.js';
import type { FrameSink } from './record.js';

/** As `FILE_BLOCK_SIZE` of `native/core/capture/file_source.cc`. */
const FILE_BLOCK_SIZE = 256 * 1024;
/**
 * Where reading into its memory begins. Memory of this size begins 16 bytes into a page, and AMD
 * Zen's string copy takes six times as long to just there.
 */
const BLOCK_BEGINS = 64;

export interface FileControl {
  /** Looked at before every block: 256 KiB, a few milliseconds of work. */
  isStopped(): boolean;
  /** `size` more bytes were read and their frames delivered. */
  onRead(size: number): void;
}

/**
 * Delivers the frames of a pcap or pcapng file until its end, its damage, or until it is stopped.
 * Reads synchronously: meant for a thread of its own. Compressed files and pipes are not its
 * business. Twin: `native/core/capture/file_source.{h,cc}`.
 * @throws the system's error when the file cannot be opened
 */
export function readCaptureFile(
  path: string,
  sink: FrameSink,
  control: FileControl,
): Damage | undefined {
  const file = openSync(path, 'r');
  const parser = new CaptureParser(sink);
  const block = new Uint8Array(BLOCK_BEGINS + FILE_BLOCK_SIZE).subarray(BLOCK_BEGINS);
  let offset = 0;
  try {
    while (!control.isStopped() && !parser.damage) {
      const size = readSync(file, block);
      if (size === 0) {
        parser.end();
        break;
      }
      parser.push(block.subarray(0, size));
      offset += size;
      control.onRead(size);
    }
  } catch (error) {
    // Only reading is a matter of the file; anything else thrown here is a fault of ours.
    if ((error as NodeJS.ErrnoException).syscall !== 'read') throw error;
    return { offset, reason: `it cannot be read on: ${(error as Error).message}` };
  } finally {
    closeSync(file);
  }
  return parser.damage;
}
