import { describe, expect, it } from 'vitest';
import type { Input, Observer, ObserverEvents } from './contract.js';
import { HeadStart } from './head-start.js';

const INPUT: Input = { kind: 'files', paths: ['a.pcap'] };

/** Hands over one batch and tells of one damage, then ends as told or when it is stopped. */
class StubObserver implements Observer {
  readonly name = 'native';
  readonly isAway = false;
  inputs: Input[] = [];
  isStopped = false;
  failure: Error | null = null;

  async run(input: Input, events: ObserverEvents): Promise<void> {
    this.inputs.push(input);
    events.progress?.(1, 2, 'a.pcap');
    events.damage?.('a.pcap', 24, 'cut off');
    if (this.failure) throw this.failure;
    await events.batch(3, new Uint8Array([1]));
  }

  stop(): void {
    this.isStopped = true;
  }

  stats() {
    return { frames: 1 };
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('an observer with a head start', () => {
  it('reads at once and says everything when it is run', async () => {
    const inner = new StubObserver();
    const observer = new HeadStart(inner, INPUT);
    await turn();
    expect(inner.inputs).toEqual([INPUT]);
    const said: unknown[] = [];
    await observer.run(INPUT, {
      batch: (shard, bytes) => void said.push([shard, bytes.length]),
      damage: (path, offset) => void said.push([path, offset]),
    });
    expect(said).toEqual([
      ['a.pcap', 24],
      [3, 1],
    ]);
  });

  it('keeps a failure for whoever runs it', async () => {
    const inner = new StubObserver();
    inner.failure = new Error('no such file');
    const observer = new HeadStart(inner, INPUT);
    await turn();
    await expect(observer.run(INPUT, { batch() {} })).rejects.toThrow('no such file');
  });

  it('comes to its end when it is abandoned', async () => {
    const inner = new StubObserver();
    await new HeadStart(inner, INPUT).abandon();
    expect(inner.isStopped).toBe(true);
  });
});
