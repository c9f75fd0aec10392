/** The parts of the BullMQ transport joined to one `Transport` in one process, with toy judges. */
import { setTimeout as pause } from 'node:timers/promises';
import { PicketError } from '../../shared/errors.js';
import { Keys } from '../bullmq/keys.js';
import type { Item, ItemKind } from '../bullmq/message.js';
import { unpackOutcome } from '../bullmq/outcome-message.js';
import type { Workings } from '../bullmq/partition-consumer.js';
import { DEFAULT_TIMES } from '../bullmq/lease-keeper.js';
import { PartitionHost } from '../bullmq/partition-host.js';
import { Publisher } from '../bullmq/publisher.js';
import { closeRedis, openRedis, type RedisClient } from '../bullmq/redis.js';
import { parseRedisUrl } from '../bullmq/redis-url.js';
import { OutcomeQueue, type ShardMachine, shardWorkings } from '../bullmq/shard-workings.js';
import type { ShardOutcome, Transport, TransportStats } from '../contract.js';
import { createGate, ToyJudge } from './toy-judge.js';

export interface BullmqRigOptions {
  url: string;
  namespace: string;
  shardCount: number;
  workers: number;
  waitingMax: number;
}

const POLL_MS = 2;
export class BullmqRig implements Transport {
  readonly shardCount: number;
  readonly #options: BullmqRigOptions;
  readonly #client: RedisClient;
  readonly #keys: Keys;
  readonly #publisher: Publisher;
  readonly #outcomes: OutcomeQueue;
  readonly #hosts: PartitionHost[];
  #gate: Promise<void> = Promise.resolve();
  #openGate: (() => void) | null = null;
  #onOutcome: (outcome: ShardOutcome) => void = () => {};
  readonly #sequences: number[] = [];
  #judged = 0;
  #finals = 0;
  #published = { count: 0, bytes: 0, depthMax: 0 };
  #closing: Promise<void> | null = null;

  constructor(options: BullmqRigOptions) {
    this.#options = options;
    this.shardCount = options.shardCount;
    this.#client = openRedis(parseRedisUrl(options.url), () => {});
    this.#keys = new Keys(options.namespace);
    const shards = Array.from({ length: options.shardCount }, (_, shard) =>
      this.#keys.shard(shard),
    );
    const { keepMs } = DEFAULT_TIMES;
    const common = { client: this.#client, keys: this.#keys };
    this.#publisher = new Publisher({ client: this.#client, partitions: shards, keepMs });
    this.#outcomes = new OutcomeQueue(this.#client, this.#keys, keepMs);
    this.#hosts = Array.from({ length: options.workers }, (_, index) => {
      const workingsOf = ({ id }: { id: string }) =>
        shardWorkings(id, this.#outcomes, () => this.#toyMachine(Number(id)));
      const id = `worker-${index}`;
      return new PartitionHost({ ...common, id, role: 'worker', partitions: shards, workingsOf });
    });
    this.#hosts.push(
      new PartitionHost({
        ...common,
        id: 'correlator',
        role: 'correlator',
        partitions: [this.#keys.correlator()],
        workingsOf: () => this.#relay() as Workings<unknown>,
      }),
    );
  }

  /** Lets every judge wait before its next batch. */
  hold(): void {
    if (this.#openGate) return;
    this.#gate = new Promise((resolve) => {
      this.#openGate = resolve;
    });
  }

  release(): void {
    this.#openGate?.();
    this.#openGate = null;
  }

  async start(onOutcome: (outcome: ShardOutcome) => void): Promise<void> {
    this.#onOutcome = onOutcome;
    await Promise.all(this.#hosts.map((host) => host.start()));
  }

  async publish(shard: number, batch: Uint8Array): Promise<void> {
    if (this.#closing) throw new PicketError('transport-closed', 'The rig is closed.');
    if (!Number.isInteger(shard) || shard < 0 || shard >= this.shardCount)
      throw new RangeError(`shard ${shard}`);
    const size = batch.byteLength;
    const turn = this.#turn.then(async () => {
      while (this.#waiting() >= this.#options.waitingMax) await pause(POLL_MS);
      this.#published.count++;
      this.#published.bytes += size;
      this.#published.depthMax = Math.max(this.#published.depthMax, this.#waiting());
      await this.#send(shard, 'data', batch);
    });
    this.#turn = turn;
    await turn;
  }
  #turn: Promise<void> = Promise.resolve();

  async drain(): Promise<void> {
    await this.#turn;
    while (this.#waiting() > 0) await pause(POLL_MS);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  stats(): TransportStats {
    const { count, bytes, depthMax } = this.#published;
    return {
      batchesPublished: count,
      bytesPublished: bytes,
      batchesJudged: this.#judged,
      rejected: this.#rejected(),
      depthMax,
    };
  }

  async #close(): Promise<void> {
    await this.drain();
    for (let shard = 0; shard < this.shardCount; shard++)
      await this.#send(shard, 'end', new Uint8Array());
    while (this.#finals < this.shardCount) await pause(POLL_MS);
    await Promise.all(this.#hosts.map((host) => host.stop()));
    this.#publisher.close();
    await this.#outcomes.close();
    closeRedis(this.#client);
  }

  async #send(shard: number, kind: ItemKind, bytes: Uint8Array): Promise<void> {
    const sequence = this.#sequences[shard] ?? 0;
    this.#sequences[shard] = sequence + 1;
    await this.#publisher.publish(shard, { source: 'rig', kind, sequence, bytes });
  }

  #rejected(): Record<string, number> {
    const rejected: Record<string, number> = {};
    for (const host of this.#hosts) {
      for (const [name, count] of Object.entries(host.stats())) {
        const reason = name.replace(/^rejected\./, '');
        if (reason !== name) rejected[reason] = (rejected[reason] ?? 0) + count;
      }
    }
    return rejected;
  }

  #waiting(): number {
    const rejected = Object.values(this.#rejected()).reduce((sum, count) => sum + count, 0);
    return this.#published.count - this.#judged - rejected;
  }

  #toyMachine(shard: number): ShardMachine {
    const judge = new ToyJudge([shard], createGate());
    return {
      apply: async (item: Item) => {
        await this.#gate;
        return item.kind === 'end' ? judge.end()[0] : judge.accept(item.bytes);
      },
      snapshot: () => new Uint8Array(),
    };
  }

  /** A correlator that only passes on what it hears. */
  #relay(): Workings<ShardOutcome> {
    return {
      open: () => ({
        apply: (item: Item) => unpackOutcome(item.bytes),
        snapshot: () => new Uint8Array(),
      }),
      handOn: async (effects) => {
        for (const { value } of effects) {
          if (value.final) this.#finals++;
          else this.#judged++;
          this.#onOutcome(value);
        }
      },
    };
  }
}
