/**
 * Open services that a source found with contacts beyond its list: what it learned must not depend
 * on what fits. One bounded pool; each source's are chained in the order they came. A service that
 * answers twice in an epoch may be in it twice. Twin: `finds.h`.
 */
import { FINDS_PER_SOURCE_MAX } from '../../../plugin-api/src/batch-layout.js';
import { NONE } from './address-index.js';
import type { Touch } from './touch.js';

/** Of all sources in an epoch. */
const FINDS_MAX = 65_536;

export class Finds {
  /** Of each source: its finds, how many, and how many found no room in the list or the pool. */
  readonly first: Int32Array;
  private readonly last: Int32Array;
  readonly count: Uint16Array;
  readonly missed: Uint32Array;
  /** The target's four words. */
  readonly words = new Int32Array(4 * FINDS_MAX);
  /** protocol << 16 | port. */
  readonly service = new Int32Array(FINDS_MAX);
  /** Next find of the same source, or NONE. */
  readonly next = new Int32Array(FINDS_MAX);
  private used = 0;
  /** Finds that found no room, cumulative. */
  refused = 0;

  constructor(sourcesMax: number) {
    this.first = new Int32Array(sourcesMax);
    this.last = new Int32Array(sourcesMax);
    this.count = new Uint16Array(sourcesMax);
    this.missed = new Uint32Array(sourcesMax);
  }

  /** Begins the list of a new source. */
  reset(source: number): void {
    this.first[source] = NONE;
    this.last[source] = NONE;
    this.count[source] = 0;
    this.missed[source] = 0;
  }

  /** Notes that the touch's target answered. */
  add(source: number, touch: Touch): void {
    const last = this.last[source];
    if (last !== NONE && this.isOf(last, touch)) return;
    if (this.count[source] === FINDS_PER_SOURCE_MAX || this.used === FINDS_MAX) {
      this.missed[source]++;
      this.refused++;
      return;
    }
    const find = this.used++;
    this.words[find * 4] = touch.t0;
    this.words[find * 4 + 1] = touch.t1;
    this.words[find * 4 + 2] = touch.t2;
    this.words[find * 4 + 3] = touch.t3;
    this.service[find] = touch.service;
    this.next[find] = NONE;
    if (last === NONE) this.first[source] = find;
    else this.next[last] = find;
    this.last[source] = find;
    this.count[source]++;
  }

  clear(): void {
    this.used = 0;
  }

  private isOf(find: number, { service, t0, t1, t2, t3 }: Touch): boolean {
    const { words } = this;
    const at = find * 4;
    return (
      this.service[find] === service &&
      words[at] === t0 &&
      words[at + 1] === t1 &&
      words[at + 2] === t2 &&
      words[at + 3] === t3
    );
  }
}
