/** The batches a sensor observed last, in memory, bounded in bytes: the oldest go first. */
import { decodeBatch } from '../../packages/plugin-api/src/index.js';

/** What an entry costs beside its bytes. */
const ENTRY_SIZE = 256;
/** A larger batch has a source in it. */
const EMPTY_SIZE_MAX = 256;

export class RecentBatches {
  /** By a number that rises: the oldest first. */
  readonly #batches = new Map<number, Uint8Array>();
  #next = 0;
  #bytes = 0;
  #evicted = 0;

  constructor(readonly sizeMax: number) {}

  /** Keeps a copy, unless nobody did anything in it. */
  push(bytes: Uint8Array): void {
    if (this.sizeMax === 0 || isEmpty(bytes)) return;
    this.#batches.set(this.#next++, Uint8Array.from(bytes));
    this.#bytes += bytes.length + ENTRY_SIZE;
    for (const [number, oldest] of this.#batches) {
      if (this.#bytes <= this.sizeMax) break;
      this.#batches.delete(number);
      this.#bytes -= oldest.length + ENTRY_SIZE;
      this.#evicted++;
    }
  }

  newestFirst(): Uint8Array[] {
    return [...this.#batches.values()].reverse();
  }

  stats(): Record<string, number> {
    return {
      recent_batches: this.#batches.size,
      recent_bytes: this.#bytes,
      recent_evicted: this.#evicted,
    };
  }
}

function isEmpty(bytes: Uint8Array): boolean {
  if (bytes.length > EMPTY_SIZE_MAX) return false;
  const { sources, singles } = decodeBatch(bytes);
  return sources.length === 0 && singles.length === 0;
}
