/**
 * Exact sets of services (`Touch.service`) that outgrew their lists, from one bounded pool: a bit
 * for each port, in pages that are taken when a protocol is first met. Twin: `port_sets.h`.
 */
import { PORT_PAGE_SIZE, PORT_PAGES } from '../../../plugin-api/src/batch-layout.js';
import { bitOfService, pageOfService } from '../../../plugin-api/src/port-set.js';

/** No port set was needed so far. */
export const NO_PORT_SET = -1;
/**
 * One was needed and there is none, or not all of it: more is known to be there than is listed.
 */
export const REFUSED_PORT_SET = -2;

/** Set bits of a byte. */
const BITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) bits++;
  return bits;
});

/** How many bits of a page are set. */
export function countBits(page: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < page.length; at++) count += BITS[page[at]];
  return count;
}

export class PortSets {
  private readonly bytes: Uint8Array;
  /** Places of a set's pages, from 1; 0: none yet. */
  private readonly places: Int32Array;
  private usedSets = 0;
  private usedPages = 0;
  /** Sets and pages asked for when there was none left, cumulative. */
  refused = 0;

  constructor(private readonly capacity: number) {
    this.bytes = new Uint8Array(capacity * PORT_PAGE_SIZE);
    this.places = new Int32Array(capacity * PORT_PAGES);
  }

  /**
   * Adds a service to the set whose number is `sets[owner]`: takes the set, or one more page of it,
   * when it is needed, and refuses the whole when there is none.
   */
  add(sets: Int32Array, owner: number, service: number): void {
    if (sets[owner] === NO_PORT_SET) sets[owner] = this.takeSet();
    if (sets[owner] < 0) return;
    const at = sets[owner] * PORT_PAGES + pageOfService(service);
    if (this.places[at] === 0 && !this.takePage(at)) {
      sets[owner] = REFUSED_PORT_SET;
      return;
    }
    const bit = bitOfService(service);
    this.bytes[(this.places[at] - 1) * PORT_PAGE_SIZE + (bit >>> 3)] |= 1 << (bit & 7);
  }

  /** A page of a set that was taken, null when it has none. */
  page(set: number, page: number): Uint8Array | null {
    const place = this.places[set * PORT_PAGES + page];
    if (place === 0) return null;
    return this.bytes.subarray((place - 1) * PORT_PAGE_SIZE, place * PORT_PAGE_SIZE);
  }

  /** Forgets all of them: the epoch is over. */
  clear(): void {
    this.usedSets = 0;
    this.usedPages = 0;
  }

  private takeSet(): number {
    // A set without a page of its own would be none.
    if (this.usedSets === this.capacity || this.usedPages === this.capacity) {
      this.refused++;
      return REFUSED_PORT_SET;
    }
    const set = this.usedSets++;
    this.places.fill(0, set * PORT_PAGES, (set + 1) * PORT_PAGES);
    return set;
  }

  private takePage(at: number): boolean {
    if (this.usedPages === this.capacity) {
      this.refused++;
      return false;
    }
    const from = this.usedPages * PORT_PAGE_SIZE;
    this.bytes.fill(0, from, from + PORT_PAGE_SIZE);
    this.places[at] = ++this.usedPages;
    return true;
  }
}
