/**
 * Names of everything in Redis. What one script touches together has one hash tag (`{...}`), so
 * that a Cluster keeps it on one node.
 */

/** A queue of BullMQ. */
export interface QueueNames {
  /** BullMQ's key prefix: the hash tag. */
  prefix: string;
  queue: string;
}

/** The unit of ownership: a queue, the state made from it, and the lease on both. */
export interface Partition extends QueueNames {
  /** `0` to `255` for a shard, or `correlator`. */
  id: string;
  lease: string;
  /** Counts the leases ever given: a part of every fencing token. */
  tokens: string;
  snapshot: string;
  journal: string;
  /** How far the effects of the journal have been handed on. */
  handedOn: string;
}

/** Where a process is told what to do. */
export interface Inbox extends QueueNames {
  /** Begins the keys of answers: the command's id follows. */
  answers: string;
}

export const CORRELATOR = 'correlator';
const COMMAND_QUEUE = 'commands';
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

  get deadLetters(): QueueNames {
    return { prefix: `{${this.namespace}:dead}`, queue: 'dead-letters' };
  }

  /**
   * The queue of commands to one process, by address: `sensor:NAME` or `process:ID`. Every other
   * character than letters, digits, `_.:-` is `%` and its code, so that no two addresses meet.
   */
  inbox(address: string): Inbox {
    const name = address.replace(/[^A-Za-z0-9_.:-]/g, (letter) => {
      return `%${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
    const prefix = `{${this.namespace}:inbox:${name}}`;
    return { prefix, queue: COMMAND_QUEUE, answers: `${prefix}:answer:` };
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
