/** Standard output carries events and reports, nothing else. */

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
