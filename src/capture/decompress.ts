/**
 * Decompresses a stream so that nothing before a damage is lost: Node's own piping throws away what
 * a stream still buffers when it fails.
 */
import { once } from 'node:events';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { PicketError } from '../shared/errors.js';

export type Compression = 'gzip' | 'zstd';
/** Bytes of a file that tell its compression. */
export const MAGIC_SIZE = 4;

/**
 * Compressed bytes handed over at once. They bound what is held: deflate expands at most 1032 times
 * (zlib's technical notes), which makes 66 MiB of it.
 */
const PIECE_SIZE = 64 * 1024;
/** Of uncompressed bytes: what is lost at most where the damage lies inside a block. */
const OUTPUT_SIZE = 16 * 1024;
const MESSAGE_SIZE_MAX = 1024;

/** The compressed stream itself is wrong; everything before has been delivered. */
export class CompressionDamage extends Error {}

/** By RFC 1952 §2.3.1 and RFC 8878 §3.1.1; skippable frames of zstd do not begin a capture. */
export function compressionOf(start: Uint8Array): Compression | undefined {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  const isZstd = start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd;
  return isZstd ? 'zstd' : undefined;
}

/** @throws CompressionDamage, or PicketError `input-unreadable` when zstd cannot be had here */
export function decompress(
  compression: Compression,
  compressed: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (compression === 'gzip') {
    return run(zlib.createGunzip({ chunkSize: OUTPUT_SIZE }), compression, compressed);
  }
  // Node has zstd of its own from 22.15 on.
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
  if (createZstdDecompress) return run(createZstdDecompress(), compression, compressed);
  return runCommand(compressed);
}

async function* run(
  codec: Transform,
  compression: Compression,
  compressed: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const outputs: Uint8Array[] = [];
  let failure: Error | undefined;
  codec.on('data', (chunk: Uint8Array) => outputs.push(chunk));
  codec.on('error', (error) => {
    failure = error;
  });
  try {
    for await (const chunk of compressed) {
      for (let at = 0; at < chunk.length && !failure; at += PIECE_SIZE) {
        failure = await write(codec, chunk.subarray(at, at + PIECE_SIZE));
        yield* outputs.splice(0);
      }
      if (failure) break;
    }
    if (!failure) await end(codec);
    yield* outputs.splice(0);
    if (failure) {
      throw new CompressionDamage(`its ${compression} stream is damaged: ${failure.message}`);
    }
  } finally {
    codec.destroy();
  }
}

/** Settles when the piece has been decompressed; with the error, if it could not be. */
function write(codec: Transform, piece: Uint8Array): Promise<Error | undefined> {
  return new Promise((resolve) => {
    codec.write(piece, (error) => resolve(error ?? undefined));
  });
}

function end(codec: Transform): Promise<void> {
  return new Promise((resolve) => {
    // Ended before, when what follows the compressed stream is none.
    if (codec.readableEnded) resolve();
    codec.once('end', () => resolve());
    codec.once('error', () => resolve());
    codec.end();
  });
}

/** Through the command `zstd`. */
async function* runCommand(compressed: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Loaded here: it takes milliseconds, and few captures need it.
  const { spawn } = await import('node:child_process');
  const child = spawn('zstd', ['-dcq'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let message = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    message = (message + text).slice(-MESSAGE_SIZE_MAX);
  });
  const started = once(child, 'spawn').catch((cause) => {
    const what = 'it is compressed with zstd, and the command zstd cannot be run here';
    const hint = 'Install it (apt-get install zstd), or decompress the file first';
    throw new PicketError('input-unreadable', `${what}. ${hint}.`, { cause });
  });
  const ended = once(child, 'close').catch(() => [null]);
  let failure: unknown;
  try {
    await started;
    feed(child.stdin, compressed).catch((error) => {
      failure = error;
      child.stdin.end();
    });
    yield* child.stdout;
    const [status] = await ended;
    if (failure) throw failure;
    if (status !== 0) {
      const said = message.trim().replace(/^zstd: /, '') || `status ${status}`;
      throw new CompressionDamage(`its zstd stream is damaged: ${said}`);
    }
  } finally {
    child.kill();
  }
}

/** Writes everything, until the command wants no more. */
async function feed(
  stdin: NodeJS.WritableStream,
  compressed: AsyncGenerator<Uint8Array>,
): Promise<void> {
  let isOpen = true;
  const closed = new Promise<void>((resolve) => {
    stdin.once('close', resolve);
    stdin.on('error', () => resolve());
  }).then(() => {
    isOpen = false;
  });
  for await (const chunk of compressed) {
    if (!isOpen) break;
    if (!stdin.write(chunk)) await Promise.race([once(stdin, 'drain').catch(() => {}), closed]);
  }
  stdin.end();
}
