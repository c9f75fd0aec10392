/**
 * Makes order and once out of at least once: each item passes when everything its source published
 * before it has passed. Copies are refused; what came too early is held.
 */

export interface Sequenced {
  source: string;
  sequence: number;
  previous: number;
}

/** Sources remembered; a sensor is a new one at each start, so the oldest can go. */
const SOURCES_MAX = 4096;

export class SequenceGate<T extends Sequenced> {
  /** Source to the sequence of its last item that passed; least recently heard first. */
  readonly #last: Map<string, number>;
  readonly #held = new Map<string, Map<number, T>>();
  #heldCount = 0;
  /** Cumulative: copies refused, and items passed though something before them never came. */
  readonly counters = { duplicates: 0, gaps: 0 };

  constructor(last: Iterable<readonly [string, number]> = []) {
    this.#last = new Map(last);
  }

  /** For a checkpoint. */
  positions(): [string, number][] {
    return [...this.#last];
  }

  get heldCount(): number {
    return this.#heldCount;
  }

  isHeld(item: T): boolean {
    return this.#held.get(item.source)?.get(item.sequence) === item;
  }

  /** The items that may be applied now, in order, one after the other; none when it must wait. */
  *admit(item: T): Generator<T> {
    const last = this.#last.get(item.source) ?? -1;
    if (item.sequence <= last) {
      this.counters.duplicates++;
      return;
    }
    if (item.previous > last) {
      this.#hold(item);
      return;
    }
    yield* this.#passFrom(item);
  }

  /** Lets pass what is held although something before it is missing. For when it never comes. */
  *giveUpWaiting(): Generator<T> {
    for (const source of [...this.#held.keys()]) {
      for (let held = this.#held.get(source); held; held = this.#held.get(source)) {
        const first = Math.min(...held.keys());
        const item = held.get(first) as T;
        this.#drop(item);
        this.counters.gaps++;
        yield* this.#passFrom(item);
      }
    }
  }

  *#passFrom(item: T): Generator<T> {
    for (let next: T | undefined = item; next; next = this.#successor(next)) {
      this.#last.delete(next.source);
      this.#last.set(next.source, next.sequence);
      if (this.#last.size > SOURCES_MAX)
        this.#last.delete(this.#last.keys().next().value as string);
      yield next;
    }
  }

  /** The held item that was waiting for this one, if any; copies among the held are let go. */
  #successor({ source, sequence }: T): T | undefined {
    const held = this.#held.get(source);
    if (held === undefined) return undefined;
    for (const item of [...held.values()].sort((a, b) => a.sequence - b.sequence)) {
      if (item.previous > sequence) return undefined;
      this.#drop(item);
      if (item.sequence > sequence) return item;
      this.counters.duplicates++;
    }
    return undefined;
  }

  #hold(item: T): void {
    const held = this.#held.get(item.source) ?? new Map<number, T>();
    this.#held.set(item.source, held);
    if (held.has(item.sequence)) {
      this.counters.duplicates++;
      return;
    }
    held.set(item.sequence, item);
    this.#heldCount++;
  }

  #drop(item: T): void {
    const held = this.#held.get(item.source);
    if (!held?.delete(item.sequence)) return;
    this.#heldCount--;
    if (held.size === 0) this.#held.delete(item.source);
  }
}
