/**
 * Who a flood's folding may hide: a source whose first touch was folded is new again with its next,
 * so one whose every probe goes to a flooded target would never be known. Two bytes each for a
 * million recent ones tell who comes back for something else. The latest keeps its place, so a
 * flood of ten million a second hides nobody who sends ten of his own. Twin: `folded_sources.h`.
 */
import { finish, mix } from '../base/hash.js';
import type { Touch } from './touch.js';

const PLACE_BITS = 20;

export class FoldedSources {
  /** By the hash's highest bits; who: its lowest seven, and a bit that says there is one. */
  private readonly places = new Uint16Array(1 << PLACE_BITS);
  private isUsed = false;

  /**
   * Remembers the touch of a source that is to be folded. True when that source was folded before
   * in this epoch, with a touch of another service or target: one in two hundred is taken for the
   * one before it.
   */
  comesBack({ sourceHash, targetHash, service }: Touch): boolean {
    const place = sourceHash >>> (32 - PLACE_BITS);
    const who = (sourceHash | 0x80) & 0xff;
    const what = finish(mix(targetHash, service)) & 0xff;
    const before = this.places[place];
    this.places[place] = (who << 8) | what;
    this.isUsed = true;
    return before >>> 8 === who && (before & 0xff) !== what;
  }

  clear(): void {
    if (!this.isUsed) return;
    this.places.fill(0);
    this.isUsed = false;
  }
}
