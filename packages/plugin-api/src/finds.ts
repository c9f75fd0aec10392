/**
 * Open services of a source beyond its list of contacts: kept until they are told, since what an
 * operator learned must not depend on what fits into a window.
 */
import { FIND_SIZE, FindAt } from './batch-layout.js';
import { latin1 } from './contact.js';

export interface Find {
  /** Address bytes as latin1. */
  target: string;
  protocol: number;
  port: number;
}

/** Finds of one source that wait to be told. */
export const FINDS_MAX = 4096;
/** About what each takes in memory. */
const FIND_BYTES = 160;

/** Ordinary fields alone: a checkpoint walks them. */
export class Finds {
  private readonly waiting = new Map<string, Find>();
  /** Not all found room, here or at a sensor. */
  isIncomplete = false;
  /** Of this source, those for which there was no room here; whoever counts them takes them. */
  private dropped = 0;

  /** Those not yet told. */
  untold(): Find[] {
    return [...this.waiting.values()];
  }

  add({ target, protocol, port }: Find): void {
    const key = target + String.fromCharCode(protocol, port);
    if (this.waiting.has(key)) return;
    if (this.waiting.size < FINDS_MAX) {
      this.waiting.set(key, { target, protocol, port });
      return;
    }
    this.isIncomplete = true;
    this.dropped++;
  }

  /** About what they take in memory. */
  get bytes(): number {
    return this.waiting.size * FIND_BYTES;
  }

  /** Drops the first ones until they take at most `limitBytes`. */
  shrink(limitBytes: number): void {
    for (const key of this.waiting.keys()) {
      if (this.bytes <= limitBytes) return;
      this.waiting.delete(key);
      this.isIncomplete = true;
      this.dropped++;
    }
  }

  /** Finds dropped since this was asked. */
  takeDropped(): number {
    const { dropped } = this;
    this.dropped = 0;
    return dropped;
  }

  /** Takes in what a sensor noted: FIND_SIZE bytes each; addresses are `size` bytes long. */
  merge(finds: Uint8Array, missed: number, size: number): void {
    if (missed > 0) this.isIncomplete = true;
    const view = new DataView(finds.buffer, finds.byteOffset, finds.byteLength);
    for (let at = 0; at < finds.length; at += FIND_SIZE) {
      this.add({
        target: latin1(finds, at + FindAt.target + 16 - size, size),
        protocol: view.getUint8(at + FindAt.protocol),
        port: view.getUint16(at + FindAt.port, true),
      });
    }
  }

  /** All have been told. That some were missed stays true. */
  forget(): void {
    this.waiting.clear();
  }
}
