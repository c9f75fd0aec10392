/**
 * Names of everything in Redis. What one script touches together has one hash tag (`{...}`), so
 * that a Cluster keeps it on one node.
 */

/** The unit of ownership: a queue, the state made from it, and the lease on both. */
export interface Partition {
  /** `0` to `255` for a shard, or `correlator`. */
  id: string;
  /** BullMQ's key prefix: the hash tag. */
  prefix: string;
  queue: string;
  lease: string;
  /** Counts the leases ever given: a part of every fencing token. */
  tokens: string;
  snapshot: string;
  journal: string;
  /** How far the effects of the journal have been handed on. */
  handedOn: string;
}

export const CORRELATOR = 'correlator';
const NAMESPACE_FORM = /^[A-Za-z0-9_.-]{1,64}$/;

export class Keys {
  /** @throws RangeError unless the namespace is 1 to 64 of letters, digits, `_`, `.`, `-`. */
  constructor(readonly namespace: string) {
    if (!NAMESPACE_FORM.test(namespace)) throw new RangeError(`namespace ${namespace}`);
  }

  shard(shard: number): Partition {
    return this.#partition(String(shard), 'batches');
  }

  correlator(): Partition {
    return this.#partition(CORRELATOR, 'outcomes');
  }

  /** Expiry times and descriptions of processes by id. */
  get members(): string {
    return `{${this.namespace}}:members`;
  }

  get memberNotes(): string {
    return `{${this.namespace}}:member-notes`;
  }

  /** What all processes must agree on. */
  get deployment(): string {
    return `{${this.namespace}}:deployment`;
  }

  get deadLetterPrefix(): string {
    return `{${this.namespace}:dead}`;
  }

  /** Prefix of the command queue of a sensor. */
  sensorPrefix(sensor: string): string {
    return `{${this.namespace}:sensor:${sensor.replace(/[{}]/g, '_')}}`;
  }

  #partition(id: string, queue: string): Partition {
    const prefix = `{${this.namespace}:${id}}`;
    return {
      id,
      prefix,
      queue,
      lease: `${prefix}:lease`,
      tokens: `${prefix}:tokens`,
      snapshot: `${prefix}:snapshot`,
      journal: `${prefix}:journal`,
      handedOn: `${prefix}:handed-on`,
    };
  }
}
