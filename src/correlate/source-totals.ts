/** How many contacts of each source the correlator has heard of lately, whatever they belong to. */
import type { SuspectContact } from '../../packages/plugin-api/src/suspect.js';

/** Sources that are counted; each of the others counts as it comes. */
const SOURCES_MAX = 65_536;

export class SourceTotals {
  #totals = new Map<string, { count: number; lastUs: number }>();
  /** Sources that found no room, cumulative. */
  refused = 0;

  /** The state, for a checkpoint. */
  pack() {
    return { totals: this.#totals, refused: this.refused };
  }

  static unpack(packed: ReturnType<SourceTotals['pack']>): SourceTotals {
    const made = new SourceTotals();
    made.#totals = packed.totals;
    made.refused = packed.refused;
    return made;
  }

  add(source: string, contacts: readonly SuspectContact[]): void {
    const total = this.#totals.get(source);
    const lastUs = contacts[contacts.length - 1].timeUs;
    if (total !== undefined) {
      total.count += contacts.length;
      total.lastUs = Math.max(total.lastUs, lastUs);
    } else if (this.#totals.size < SOURCES_MAX) {
      this.#totals.set(source, { count: contacts.length, lastUs });
    } else this.refused++;
  }

  /** 0: none that is known. */
  of(source: string): number {
    return this.#totals.get(source)?.count ?? 0;
  }

  /** Forgets sources that were last heard of before `oldestUs` (packet time). */
  expire(oldestUs: number): void {
    this.#totals.forEach(({ lastUs }, source) => {
      if (lastUs < oldestUs) this.#totals.delete(source);
    });
  }
}
