/**
 * Opens what a user names as a capture: a plain file, one compressed with gzip or zstd (told by its
 * first bytes, not by its name), a pipe, or standard input.
 */
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { PicketError } from '../shared/errors.js';
import { type Compression, compressionOf, decompress, MAGIC_SIZE } from './decompress.js';

export const STANDARD_INPUT = '-';
const BLOCK_SIZE = 256 * 1024;

export interface OpenInput {
  readonly path: string;
  /** Of the file as it lies on disk, in bytes; 0 when unknown. */
  readonly size: number;
  /** A plain regular file: a reader does better to open it by its path. */
  readonly isPlainFile: boolean;
  /** Bytes taken from the file as it lies on disk. */
  readBytes(): number;
  /**
   * The uncompressed bytes, once.
   * @throws CompressionDamage after everything before the damage
   */
  chunks(): AsyncGenerator<Uint8Array>;
  /** Ends `chunks` soon. Idempotent. */
  close(): void;
}

/** @throws PicketError `input-unreadable` */
export async function openInput(path: string): Promise<OpenInput> {
  if (path === STANDARD_INPUT) return new StreamInput(path, 0, false, () => process.stdin);
  try {
    // Not awaited: reading begins in the turn it is asked for, whatever else is being loaded.
    const found = statSync(path);
    if (found.isDirectory()) throw new PicketError('input-unreadable', `${path} is a directory.`);
    const openStream = () => createReadStream(path, { highWaterMark: BLOCK_SIZE });
    if (!found.isFile()) return new StreamInput(path, 0, false, openStream);
    const compression = compressionOf(readStart(path));
    return new StreamInput(path, found.size, compression === undefined, openStream);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The error for a file that the system does not let us read. */
export function unreadable(path: string, cause: unknown): PicketError {
  if (cause instanceof PicketError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const said: { [code: string]: string } = {
    ENOENT: 'there is no such file. Check the path',
    ENOTDIR: 'there is no such file. Check the path',
    EACCES: 'permission is denied. Run as a user who may read it, or change its mode',
    EPERM: 'permission is denied. Run as a user who may read it, or change its mode',
  };
  const reason = said[code ?? ''] ?? message;
  return new PicketError('input-unreadable', `${path} cannot be read: ${reason}.`, { cause });
}

function readStart(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const start = new Uint8Array(MAGIC_SIZE);
    return start.subarray(0, readSync(file, start, 0, MAGIC_SIZE, 0));
  } finally {
    closeSync(file);
  }
}

class StreamInput implements OpenInput {
  #readBytes = 0;
  #stream: Readable | undefined;
  #isClosed = false;

  constructor(
    readonly path: string,
    readonly size: number,
    readonly isPlainFile: boolean,
    readonly openStream: () => Readable,
  ) {}

  readBytes(): number {
    return this.#readBytes;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    if (this.#isClosed) return;
    this.#stream = this.openStream();
    const raw = this.#rawChunks(this.#stream);
    try {
      const { start, compression } = await peek(raw);
      const all = prepend(start, raw);
      yield* compression === undefined ? all : decompress(compression, all);
    } catch (error) {
      if (!this.#isClosed) throw error;
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#stream?.destroy();
  }

  async *#rawChunks(stream: Readable): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      this.#readBytes += chunk.length;
      yield chunk;
    }
  }
}

/** Takes chunks until the compression can be told, which is after the first one as a rule. */
async function peek(
  raw: AsyncGenerator<Uint8Array>,
): Promise<{ start: Uint8Array; compression: Compression | undefined }> {
  let start: Uint8Array = new Uint8Array();
  while (start.length < MAGIC_SIZE) {
    const { value, done } = await raw.next();
    if (done) break;
    start = start.length === 0 ? value : Uint8Array.from(Buffer.concat([start, value]));
  }
  return { start, compression: compressionOf(start) };
}

async function* prepend(
  start: Uint8Array,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start;
  yield* rest;
}
