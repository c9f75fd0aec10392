/** Standard output carries events and reports, nothing else. */
import { setImmediate } from 'node:timers/promises';

/**
 * Writes one piece of text; it must end its own line. Node writes to files and pipes synchronously
 * on Linux, so a slow reader slows the capture down instead of filling memory.
 */
export function print(text: string): void {
  process.stdout.write(text);
}

/** `picket read ... | head` is not an error: when the reader leaves, the program ends quietly. */
export function endQuietlyWhenReaderLeaves(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`picket: standard output cannot be written: ${error.message}\n`);
    process.exit(1);
  });
}

/**
 * Ends the process, whose work is done, without taking its heap apart first. What could not be
 * written yet, or not at all, is waited for as ever: then this returns.
 */
export async function leave(status: number): Promise<void> {
  await setImmediate();
  const waiting = process.stdout.writableLength + process.stderr.writableLength;
  if (waiting === 0) process.exit(status);
}
