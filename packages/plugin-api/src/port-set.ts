/**
 * Exact sets of services: a bit for each port of TCP, of UDP and of SCTP, and for each type of what
 * has no ports. What the observers write of them (batch-layout: `Ports`) is merged here.
 */
import { PORT_PAGE_SIZE, PORT_PAGES, PortPage } from './batch-layout.js';
import { NumberSet } from './number-set.js';

/** One page as a batch has it: ports in rising order (u16), or a bitmap of PORT_PAGE_SIZE bytes. */
export interface PortsOfPage {
  page: number;
  bytes: Uint8Array;
}

/** Of those with ports. */
const PROTOCOL_OF_PAGE: readonly number[] = [6, 17, 132];

/** The page that a service (protocol << 16 | port) is in. */
export function pageOfService(service: number): number {
  switch (service >>> 16) {
    case 6:
      return PortPage.tcp;
    case 17:
      return PortPage.udp;
    case 132:
      return PortPage.sctp;
    default:
      return PortPage.other;
  }
}

/** Its bit there. Other protocols have no ports; ICMP has types, below 256. */
export function bitOfService(service: number): number {
  return pageOfService(service) === PortPage.other
    ? ((service >>> 8) & 0xff00) | (service & 0xff)
    : service & 0xffff;
}

/** The service of a bit. */
function serviceAt(page: number, bit: number): number {
  if (page === PortPage.other) return ((bit & 0xff00) << 8) | (bit & 0xff);
  return (PROTOCOL_OF_PAGE[page] << 16) | bit;
}

/** Set bits of a 32-bit word. */
function bitsOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * Services of a set that are listed: a sweep leaves many sets with one of them, and who means harm
 * many with a few, each of which would take a page.
 */
const FEW_MAX = 384;
/** About what a set takes in memory beside those and its pages. */
const BARE_BYTES = 128;

/** Ordinary fields alone: a checkpoint walks them. */
export class PortSet {
  /** All services while they are few; null: those of `pages`. */
  private few: NumberSet | null = new NumberSet();
  /** By page, 32 bits a word; null: nothing of it so far. */
  private readonly pages: (Int32Array | null)[] = new Array(PORT_PAGES).fill(null);
  /** Services in the set. */
  size = 0;

  /** About what it takes in memory. */
  get bytes(): number {
    let sum = BARE_BYTES + (this.few?.bytes ?? 0);
    for (const words of this.pages) if (words !== null) sum += PORT_PAGE_SIZE;
    return sum;
  }

  add(service: number): void {
    if (this.few === null) {
      this.addBit(this.pageAt(pageOfService(service)), bitOfService(service));
      return;
    }
    this.few.add(service);
    this.size = this.few.size;
    if (this.size > FEW_MAX) this.spread();
  }

  /** Takes in what a batch has. Idempotent and commutative, as `absorb` is. */
  merge(ports: readonly PortsOfPage[]): void {
    for (const { page, bytes } of ports) {
      if (bytes.length === PORT_PAGE_SIZE) this.mergeWords(page, wordsOf(bytes));
      else
        for (let at = 0; at < bytes.length; at += 2)
          this.add(serviceAt(page, bytes[at] | (bytes[at + 1] << 8)));
    }
  }

  /** Takes in another set. */
  absorb({ few, pages }: PortSet): void {
    if (few !== null)
      few.forEach((service) => {
        this.add(service);
      });
    else
      for (const [page, words] of pages.entries()) if (words !== null) this.mergeWords(page, words);
  }

  /** All of it; many, page after page, in rising order. */
  services(): number[] {
    if (this.few !== null) return this.few.values();
    const found: number[] = [];
    for (const [page, words] of this.pages.entries())
      for (let at = 0; words !== null && at < words.length; at++)
        for (let rest = words[at]; rest !== 0; rest &= rest - 1)
          found.push(serviceAt(page, at * 32 + 31 - Math.clz32(rest & -rest)));
    return found;
  }

  /** Forgets all. */
  clear(): void {
    if (this.few === null) for (const words of this.pages) words?.fill(0);
    this.few ??= new NumberSet();
    this.few.clear();
    this.size = 0;
  }

  /** They are too many to be listed. */
  private spread(): void {
    const { few } = this;
    if (few === null) return;
    this.few = null;
    this.size = 0;
    few.forEach((service) => {
      this.add(service);
    });
  }

  private pageAt(page: number): Int32Array {
    const words = this.pages[page] ?? new Int32Array(PORT_PAGE_SIZE / 4);
    this.pages[page] = words;
    return words;
  }

  private addBit(into: Int32Array, bit: number): void {
    const known = into[bit >>> 5];
    const word = known | (1 << (bit & 31));
    if (word === known) return;
    into[bit >>> 5] = word;
    this.size++;
  }

  private mergeWords(page: number, from: Int32Array): void {
    this.spread();
    const into = this.pageAt(page);
    for (let at = 0; at < into.length; at++) {
      const more = from[at] & ~into[at];
      if (more === 0) continue;
      into[at] |= more;
      this.size += bitsOf(more);
    }
  }
}

const scratch = new Int32Array(PORT_PAGE_SIZE / 4);

/** A bitmap's words, good until the next call. */
function wordsOf(bytes: Uint8Array): Int32Array {
  for (let word = 0; word < scratch.length; word++) {
    const at = word * 4;
    scratch[word] =
      bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }
  return scratch;
}
