/**
 * Lines to standard output or to a file, in order, with bounded memory. Lines written while the
 * previous ones are on their way go out together.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { PicketError } from '../shared/errors.js';

/** Where text goes. `append` takes whole lines and resolves when they are handed over. */
interface Sink {
  /** Lines that do not arrive are gone; the next ones are tried again, or fail the same way. */
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

export interface LinesStats {
  lines_written: number;
  /** Lines that could not be written: lost, and counted. */
  lines_failed: number;
}

/** Waiting text at which `write` makes its caller wait (UTF-16 units, about as many bytes). */
const WAITING_MAX = 1 << 20;

export class Lines {
  readonly #sink: Sink;
  readonly #onTrouble: (error: PicketError) => void;
  readonly #stats: LinesStats = { lines_written: 0, lines_failed: 0 };
  #waiting: string[] = [];
  #waitingSize = 0;
  #flushing: Promise<void> | null = null;
  #inTrouble = false;

  /**
   * `onTrouble` hears of the first failure, and of the next one after lines have gone out again.
   */
  constructor(sink: Sink, onTrouble: (error: PicketError) => void) {
    this.#sink = sink;
    this.#onTrouble = onTrouble;
  }

  /**
   * Queues one line, without its end. Await it: a slow reader slows the caller down. Never rejects.
   */
  write(line: string): Promise<void> {
    this.#waiting.push(line);
    this.#waitingSize += line.length + 1;
    this.#flushing ??= this.#flush();
    return this.#waitingSize < WAITING_MAX ? Promise.resolve() : this.#flushing;
  }

  /** Everything queued has been handed over or counted as failed. */
  async flush(): Promise<void> {
    await this.#flushing;
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#sink.close();
  }

  stats(): LinesStats {
    return { ...this.#stats };
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const count = this.#waiting.length;
      const text = `${this.#waiting.join('\n')}\n`;
      this.#waiting = [];
      this.#waitingSize = 0;
      try {
        await this.#sink.append(text);
        this.#stats.lines_written += count;
        this.#inTrouble = false;
      } catch (error) {
        this.#stats.lines_failed += count;
        if (!this.#inTrouble) this.#onTrouble(asPicketError(error));
        this.#inTrouble = true;
      }
    }
    this.#flushing = null;
  }
}

/**
 * Lines to a stream, such as standard output. `onTrouble` gets PicketError `output-closed` when the
 * reader has left, which main takes for a quiet end.
 */
export function linesToStream(stream: Writable, onTrouble: (error: PicketError) => void): Lines {
  // The callback of `write` reports the error; without a listener the event, which comes even after
  // `close`, would end the process.
  stream.on('error', () => {});
  return new Lines(
    {
      append: (text) =>
        new Promise((resolve, reject) => {
          stream.write(text, (error) => (error ? reject(error) : resolve()));
        }),
      close: async () => {},
    },
    onTrouble,
  );
}

/**
 * Appends to a file, created when it is missing. Trouble while running (disk full) loses lines,
 * which are counted, and does not stop the sensor.
 * @throws PicketError `output-failed` when the file cannot be opened.
 */
export async function linesToFile(
  path: string,
  onTrouble: (error: PicketError) => void,
): Promise<Lines> {
  try {
    return new Lines(new FileSink(path, await open(path, 'a', 0o640)), onTrouble);
  } catch (error) {
    throw fileError(path, error);
  }
}

class FileSink implements Sink {
  readonly #path: string;
  readonly #file: FileHandle;
  /** The last append stopped inside a line; the next one must begin on a new one. */
  #torn = false;

  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  async append(text: string): Promise<void> {
    const bytes = Buffer.from(this.#torn ? `\n${text}` : text);
    let written = 0;
    try {
      while (written < bytes.length) {
        written += (await this.#file.write(bytes, written, bytes.length - written)).bytesWritten;
      }
      this.#torn = false;
    } catch (error) {
      if (written > 0) this.#torn = bytes[written - 1] !== 0x0a;
      throw fileError(this.#path, error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function fileError(path: string, error: unknown): PicketError {
  const why = error instanceof Error ? error.message : String(error);
  return new PicketError(
    'output-failed',
    `Events cannot be written to ${path}: ${why}. ` +
      'Free space or fix its permissions; lost lines are counted.',
    { cause: error },
  );
}

function asPicketError(error: unknown): PicketError {
  if (error instanceof PicketError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') {
    return new PicketError('output-closed', 'The reader of the output has left.', { cause: error });
  }
  const why = error instanceof Error ? error.message : String(error);
  return new PicketError('output-failed', `The output cannot be written: ${why}.`, {
    cause: error,
  });
}
