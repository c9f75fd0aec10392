import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { PicketError } from '../shared/errors.js';
import type { ShardOutcome } from './contract.js';
import { type EmbeddedOptions, EmbeddedTransport } from './embedded.js';
import type { LaneThread, ToWorker } from './embedded-protocol.js';
import { SameThread } from './same-thread.js';
import { describeTransport } from './testkit/conformance.js';
import { createGate, openToyJudge, setGate, ToyAction, toyBatch } from './testkit/toy-judge.js';
import { compileToyWorker } from './testkit/toy-worker-file.js';

const worker = compileToyWorker();
const openThread = (name: string): LaneThread => new Worker(worker.url, { name });
afterAll(worker.remove);

describeTransport('embedded', ({ shardCount, workers, waitingMax }) => {
  const gate = createGate();
  // The bound is per worker; the suite's is of the whole transport.
  const waitingBatchesMax = Math.max(1, Math.floor(waitingMax / workers));
  return {
    transport: new EmbeddedTransport({
      shardCount,
      workers,
      openThread,
      settings: { gate },
      waitingBatchesMax,
    }),
    waitingMax: waitingBatchesMax * workers,
    hold: () => setGate(gate, true),
    release: () => setGate(gate, false),
  };
});

/** A gate would hold the whole thread, tests and all: messages are held instead. */
class HeldThread extends SameThread {
  readonly #held: ToWorker[] = [];
  isHeld = false;

  override postMessage(message: ToWorker): void {
    if (this.isHeld) this.#held.push(message);
    else super.postMessage(message);
  }

  release(): void {
    this.isHeld = false;
    for (const message of this.#held.splice(0)) super.postMessage(message);
  }
}

describeTransport('embedded, judging in the same thread', ({ shardCount, workers, waitingMax }) => {
  const threads: HeldThread[] = [];
  let isHeld = false;
  const waitingBatchesMax = Math.max(1, Math.floor(waitingMax / workers));
  return {
    transport: new EmbeddedTransport({
      shardCount,
      workers,
      openThread() {
        const thread = new HeldThread(openToyJudge);
        thread.isHeld = isHeld;
        threads.push(thread);
        return thread;
      },
      settings: { gate: createGate() },
      waitingBatchesMax,
    }),
    waitingMax: waitingBatchesMax * workers,
    hold() {
      isHeld = true;
      for (const thread of threads) thread.isHeld = true;
    },
    release() {
      isHeld = false;
      for (const thread of threads) thread.release();
    },
  };
});

describe('embedded transport', () => {
  const gate = createGate();
  const opened: EmbeddedTransport[] = [];
  const outcomes: ShardOutcome[] = [];
  const create = (
    options: Partial<Pick<EmbeddedOptions, 'workers' | 'openThread' | 'waitingBytesMax'>> = {},
  ) => {
    outcomes.length = 0;
    const transport = new EmbeddedTransport({
      shardCount: 4,
      openThread,
      settings: { gate },
      ...options,
    });
    opened.push(transport);
    return transport;
  };
  const open = async (options: Parameters<typeof create>[0] = {}) => {
    const transport = create(options);
    await transport.start((outcome) => outcomes.push(outcome));
    return transport;
  };
  afterEach(async () => {
    setGate(gate, false);
    for (const transport of opened.splice(0)) await transport.close().catch(() => {});
  });

  it('detaches a batch that owns its buffer, and copies a view of a larger one', async () => {
    const transport = await open();
    const whole = toyBatch(0, 1);
    const pool = new Uint8Array(64);
    pool.set(toyBatch(0, 2), 10);
    await transport.publish(0, whole);
    await transport.publish(0, pool.subarray(10, 16));
    await transport.drain();
    expect(whole.byteLength).toBe(0);
    expect(pool.byteLength).toBe(64);
    expect(outcomes.map((outcome) => [outcome.watermarkUs, outcome.losses.padding])).toEqual([
      [1, 0],
      [2, 0],
    ]);
  });

  it('bounds the bytes that wait, yet lets one large batch through', async () => {
    const transport = await open({ waitingBytesMax: 1000 });
    setGate(gate, true);
    await transport.publish(0, toyBatch(0, 1, ToyAction.judge, 5000));
    let resolved = false;
    const second = transport.publish(1, toyBatch(1, 1)).then(() => {
      resolved = true;
    });
    await new Promise(setImmediate);
    expect(resolved).toBe(false);
    setGate(gate, false);
    await second;
  });

  it('tells whoever waits that a judge in the same thread has thrown', async () => {
    const transport = await open({ openThread: () => new SameThread(openToyJudge) });
    await transport.publish(1, toyBatch(1, 1, ToyAction.crash));
    await transport.publish(2, toyBatch(2, 1));
    const failure = {
      code: 'worker-died',
      message: expect.stringMatching(/the toy judge crashed/),
    };
    await expect(transport.drain()).rejects.toMatchObject(failure);
    await expect(transport.close()).rejects.toMatchObject(failure);
    expect(transport.stats().rejected).toEqual({ 'worker-died': 2 });
  });

  it('keeps what is published before start, up to the bound, and judges it then', async () => {
    const transport = create();
    await transport.publish(0, toyBatch(0, 1));
    await transport.start((outcome) => outcomes.push(outcome));
    await transport.drain();
    expect(outcomes.map((outcome) => outcome.watermarkUs)).toEqual([1]);
  });

  it('counts what was published and never started as lost', async () => {
    const transport = create();
    await transport.publish(0, toyBatch(0, 1));
    await transport.close();
    expect(transport.stats()).toMatchObject({
      batchesPublished: 1,
      rejected: { 'not-started': 1 },
    });
    await expect(transport.start(() => {})).rejects.toMatchObject({ code: 'transport-closed' });
  });

  it.each([
    ['throws', ToyAction.crash, /the toy judge crashed/],
    ['exits', ToyAction.exit, /exit status 3/],
  ] as const)(
    'tells drain, publish and close that a worker died when it %s',
    async (_, action, message) => {
      const transport = await open({ workers: 2 });
      setGate(gate, true);
      await transport.publish(1, toyBatch(1, 1, action));
      await transport.publish(1, toyBatch(1, 2));
      await transport.publish(2, toyBatch(2, 1));
      const draining = transport.drain();
      setGate(gate, false);
      await expect(draining).rejects.toMatchObject({
        code: 'worker-died',
        message: expect.stringMatching(message),
      });
      await expect(transport.publish(0, toyBatch(0, 1))).rejects.toBeInstanceOf(PicketError);
      await expect(transport.close()).rejects.toMatchObject({ code: 'worker-died' });
      const { batchesPublished, batchesJudged, rejected } = transport.stats();
      expect(batchesPublished).toBe(batchesJudged + rejected['worker-died']);
      expect(rejected['worker-died']).toBeGreaterThanOrEqual(2);
    },
  );

  it('tells a publish that waits for room that the worker died', async () => {
    const transport = await open({ waitingBytesMax: 1 });
    setGate(gate, true);
    await transport.publish(0, toyBatch(0, 1, ToyAction.crash));
    const waiting = transport.publish(0, toyBatch(0, 2));
    setGate(gate, false);
    await expect(waiting).rejects.toMatchObject({ code: 'worker-died' });
  });

  it('rejects start when the entry file cannot be loaded', async () => {
    const transport = create({ openThread: () => new Worker(new URL('file:///no-such-file.js')) });
    await expect(transport.start(() => {})).rejects.toMatchObject({ code: 'worker-died' });
  });

  it("stops with the consumer's own error when an outcome cannot be delivered", async () => {
    const transport = create();
    await transport.start(() => {
      throw new PicketError('output-failed', 'The disk is full.');
    });
    await transport.publish(0, toyBatch(0, 1));
    await expect(transport.drain()).rejects.toMatchObject({ code: 'output-failed' });
  });

  it('refuses more workers than shards', () => {
    expect(() => create({ workers: 5 })).toThrow(RangeError);
    expect(() => create({ workers: 0 })).toThrow(RangeError);
  });
});
