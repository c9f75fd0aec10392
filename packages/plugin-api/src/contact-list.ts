/**
 * The contacts of one source that are listed, each with the time it was last touched: the distinct
 * counts of any span that ends now are exact without keeping epochs apart.
 */
import { type Contact, countBy } from './contact.js';
import { MINUTE_US } from './epochs.js';

/** Exact contacts of a source and window (guarantee 3). */
export const CONTACTS_MAX = 1024;
/** Contacts that a list takes however short memory is. */
const LEAST = 8;
/** About what a contact takes in memory, its places in maps and its key among it. */
const CONTACT_BYTES = 256;

/** Ordinary fields alone: a checkpoint walks them. */
export class ContactList {
  /** By target, protocol and port. */
  readonly byKey = new Map<string, Contact>();
  /** Contacts per listed target, once the list has been full: those need not be counted again. */
  private perTarget: Map<string, number> | null = null;
  /** Up to this packet time a full list cannot make room: nothing in it is old enough. */
  private fullUntilUs = -1;
  /** Contacts that it takes until `shortUntilUs` (packet time), since memory was short. */
  private shortMax = CONTACTS_MAX;
  private shortUntilUs = -1;

  get bytes(): number {
    return this.byKey.size * CONTACT_BYTES;
  }

  /** Takes in what one epoch says of a contact. False: it is a new one, and the list is full. */
  merge(fresh: Contact): boolean {
    const key = fresh.target + String.fromCharCode(fresh.protocol, fresh.port);
    const known = this.byKey.get(key);
    if (known === undefined) {
      if (this.byKey.size >= this.maxAt(fresh.lastUs)) return false;
      this.fullUntilUs = -1;
      this.byKey.set(key, fresh);
      this.perTarget?.set(fresh.target, (this.perTarget.get(fresh.target) ?? 0) + 1);
      return true;
    }
    known.kinds |= fresh.kinds;
    known.outcome |= fresh.outcome;
    known.packets = known.packetsBefore + fresh.packets;
    known.packetsBefore += fresh.packetsBefore;
    known.firstUs = Math.min(known.firstUs, fresh.firstUs);
    known.lastUs = Math.max(known.lastUs, fresh.lastUs);
    if (known.ttl === 0) known.ttl = fresh.ttl;
    if (known.tuple === 0) known.tuple = fresh.tuple;
    return true;
  }

  /** Forgets those last touched before `oldestUs`; returns them. */
  expire(oldestUs: number): Contact[] {
    const forgotten: Contact[] = [];
    for (const [key, contact] of this.byKey) {
      if (contact.lastUs >= oldestUs) continue;
      this.forget(key, contact);
      forgotten.push(contact);
    }
    return forgotten;
  }

  /**
   * A full list makes room: forgets and returns contacts older than a minute (or the horizon, when
   * that is shorter), oldest first, since long memory yields to the exactness of the short. None:
   * all of them are younger.
   */
  makeRoom(nowUs: number, horizonUs: number): Contact[] {
    if (nowUs <= this.fullUntilUs) return [];
    const oldUs = Math.min(horizonUs, MINUTE_US);
    const old = this.olderThan(nowUs - oldUs);
    if (old.length > 0) return this.forgetOldest(old, CONTACTS_MAX / 8);
    let oldestUs = nowUs;
    for (const { lastUs } of this.byKey.values()) oldestUs = Math.min(oldestUs, lastUs);
    this.fullUntilUs = oldestUs + oldUs;
    return [];
  }

  /**
   * Forgets and returns contacts until the list takes at most `limitBytes`, and takes no more than
   * that for a minute: those older than a minute go, then the newest, of which least is known of
   * what came of them.
   */
  shrink(limitBytes: number, nowUs: number): Contact[] {
    this.shortMax = Math.max(LEAST, Math.floor(limitBytes / CONTACT_BYTES));
    this.shortUntilUs = nowUs + MINUTE_US;
    const excess = this.byKey.size - this.shortMax;
    if (excess <= 0) return [];
    const forgotten = this.forgetOldest(this.olderThan(nowUs - MINUTE_US), excess);
    const newest = [...this.byKey].sort(([, a], [, b]) => b.firstUs - a.firstUs);
    for (const [key, contact] of newest.slice(0, excess - forgotten.length)) {
      this.forget(key, contact);
      forgotten.push(contact);
    }
    return forgotten;
  }

  /** Whether a contact with the target is listed. Quick only once the list has been full. */
  hasTarget(target: string): boolean {
    this.perTarget ??= countTargets(this.byKey);
    return this.perTarget.has(target);
  }

  /** Targets with at least `count` contacts. */
  targetsWith(count: number): string[] {
    const counts = this.perTarget ?? countTargets(this.byKey);
    // Each of the others has one at least.
    if (counts.size + count - 1 > this.byKey.size) return [];
    return [...counts.keys()].filter((target) => (counts.get(target) ?? 0) >= count);
  }

  private maxAt(nowUs: number): number {
    return nowUs < this.shortUntilUs ? this.shortMax : CONTACTS_MAX;
  }

  private olderThan(timeUs: number): [string, Contact][] {
    return [...this.byKey].filter(([, { lastUs }]) => lastUs < timeUs);
  }

  private forgetOldest(among: [string, Contact][], count: number): Contact[] {
    const oldest = among.sort(([, a], [, b]) => a.lastUs - b.lastUs).slice(0, count);
    for (const [key, contact] of oldest) this.forget(key, contact);
    return oldest.map(([, contact]) => contact);
  }

  private forget(key: string, { target }: Contact): void {
    this.byKey.delete(key);
    if (this.perTarget === null) return;
    const left = (this.perTarget.get(target) ?? 0) - 1;
    if (left > 0) this.perTarget.set(target, left);
    else this.perTarget.delete(target);
  }
}

function countTargets(contacts: ReadonlyMap<string, Contact>): Map<string, number> {
  return countBy(contacts, ({ target }) => target);
}
