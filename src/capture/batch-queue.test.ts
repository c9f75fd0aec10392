import { describe, expect, it } from 'vitest';
import { BatchQueue } from './batch-queue.js';

const bytesOf = (size: number) => new Uint8Array(size);

describe('BatchQueue', () => {
  it('hands over one batch at a time, in order, and gives room back after each', async () => {
    const log: string[] = [];
    const queue = new BatchQueue(
      async (shard) => {
        log.push(`begin ${shard}`);
        await new Promise((resolve) => setImmediate(resolve));
        log.push(`end ${shard}`);
      },
      (size) => log.push(`room ${size}`),
      () => log.push('failed'),
    );
    queue.add(0, bytesOf(10));
    queue.add(1, bytesOf(20));
    await queue.drained();
    expect(log).toEqual(['begin 0', 'end 0', 'room 10', 'begin 1', 'end 1', 'room 20']);
  });

  it('gives back the size of a batch whose bytes were moved away', async () => {
    const released: number[] = [];
    const queue = new BatchQueue(
      (_, bytes) => {
        structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
      },
      (size) => released.push(size),
      () => {},
    );
    queue.add(0, bytesOf(33));
    await queue.drained();
    expect(released).toEqual([33]);
  });

  it('lets the rest go once the handler has failed, and says so at the end', async () => {
    const handled: number[] = [];
    const released: number[] = [];
    let failures = 0;
    const queue = new BatchQueue(
      (shard) => {
        handled.push(shard);
        if (shard === 1) throw new Error('no more');
      },
      (size) => released.push(size),
      () => failures++,
    );
    for (const shard of [0, 1, 2]) queue.add(shard, bytesOf(1));
    await expect(queue.drained()).rejects.toThrow('no more');
    expect(handled).toEqual([0, 1]);
    expect(released).toEqual([1, 1, 1]);
    expect(failures).toBe(1);
  });
});
