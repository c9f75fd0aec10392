import type { ObserverEvents } from './contract.js';
import { CompressionDamage } from './decompress.js';
import type { Engine, EngineFailure } from './engine.js';
import { orderInputs } from './input-files.js';
import { type OpenInput, openInput, unreadable } from './open-input.js';

/** Pieces of a stream that the engine was given and has not taken in: it need not wait for more. */
const PIECES_AHEAD_MAX = 4;
/** At most ten times a second, says the contract. */
const PROGRESS_PERIOD_MS = 100;

/**
 * Reads files one after the other through an engine, until `stop` is aborted. Folders and the order
 * are as `orderInputs` says. Damage ends one file, not the rest.
 * @throws PicketError `input-unreadable`, before the first frame unless a file vanishes meanwhile
 */
export async function readFiles(
  engine: Engine,
  paths: string[],
  events: ObserverEvents,
  stop: AbortSignal,
): Promise<void> {
  const inputs = [];
  for (const path of await orderInputs(paths)) inputs.push(await openInput(path));
  const total = inputs.some(({ size }) => size === 0)
    ? 0
    : inputs.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const input of inputs) {
    if (stop.aborted) return;
    const read = () => (input.isPlainFile ? engine.readBytes() : input.readBytes());
    const report = () => events.progress?.(before + read(), total, input.path);
    const timer = setInterval(report, PROGRESS_PERIOD_MS);
    try {
      const failure = input.isPlainFile
        ? await engine.readFile(input.path)
        : await readStream(engine, input, stop);
      if (failure) tell(input.path, failure, events);
      report();
      before += read();
    } finally {
      clearInterval(timer);
    }
  }
}

function tell(path: string, failure: EngineFailure, events: ObserverEvents): void {
  if (failure.kind === 'open-failed') {
    throw unreadable(path, Object.assign(new Error(failure.reason), { code: failure.code }));
  }
  if (failure.kind === 'damaged') events.damage?.(path, failure.offset, failure.reason);
}

async function readStream(
  engine: Engine,
  input: OpenInput,
  stop: AbortSignal,
): Promise<EngineFailure | undefined> {
  const close = () => input.close();
  stop.addEventListener('abort', close);
  let offset = 0;
  let broken: string | undefined;
  const ahead: Promise<void>[] = [];
  try {
    for await (const chunk of input.chunks()) {
      if (stop.aborted) break;
      offset += chunk.length;
      const taken = engine.push(chunk);
      // Said when it is awaited, which may be later.
      taken.catch(() => {});
      if (ahead.push(taken) > PIECES_AHEAD_MAX) await ahead.shift();
    }
    await Promise.all(ahead);
  } catch (error) {
    broken = reasonOf(error);
  } finally {
    stop.removeEventListener('abort', close);
  }
  const failure = await engine.endStream();
  // Where the stream itself broke off, that is the cause, and the cut record its effect.
  return broken === undefined ? failure : { kind: 'damaged', offset, reason: broken };
}

function reasonOf(error: unknown): string {
  if (error instanceof CompressionDamage) return error.message;
  const { syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined) throw error;
  return `it cannot be read on: ${message}`;
}
