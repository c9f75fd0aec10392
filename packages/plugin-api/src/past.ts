/** What a source did that has left the minute and the list, counted for as long as it matters. */
import { addressHash, type Contact, pairHash, serviceOf } from './contact.js';
import { PortSet } from './port-set.js';
import { Sketch } from './sketch.js';

/** Targets whose ports are counted one by one: of the past, and of each bucket of the minute. */
export const DEEP_MAX = 64;
/** About what such a target takes in memory beside its ports. */
export const DEEP_BYTES = 128;

/** Ordinary fields alone: a checkpoint walks them. */
export class Past {
  readonly targets = new Sketch();
  readonly pairs = new Sketch();
  readonly ports = new PortSet();
  /** The ports of each target; null: there are too many targets, or not all ports are known. */
  private deep: Map<string, PortSet> | null = new Map();

  /** About what it takes in memory. */
  get bytes(): number {
    let sum = this.targets.bytes + this.pairs.bytes + this.ports.bytes;
    for (const ports of this.deep?.values() ?? []) sum += ports.bytes + DEEP_BYTES;
    return sum;
  }

  /** A contact that the list has no more. */
  add(contact: Contact): void {
    this.targets.add(addressHash(contact.target));
    this.pairs.add(pairHash(contact));
    this.ports.add(serviceOf(contact));
    this.portsAt(contact.target)?.add(serviceOf(contact));
  }

  /** The ports of a target, to be added to, while they are counted. */
  portsAt(target: string): PortSet | null {
    if (this.deep === null) return null;
    let ports = this.deep.get(target);
    if (ports === undefined) {
      if (this.deep.size === DEEP_MAX) {
        this.forgetTargets();
        return null;
      }
      ports = new PortSet();
      this.deep.set(target, ports);
    }
    return ports;
  }

  /** Not all ports of each target are known. */
  forgetTargets(): void {
    this.deep = null;
  }

  /** By target, the ports of each; null when they are not known. */
  get byTarget(): ReadonlyMap<string, PortSet> | null {
    return this.deep;
  }
}
