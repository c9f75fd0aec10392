/** Both observers, real threads and all, against the contract. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pcap } from '../../packages/observer/src/capture/testkit/build-capture.js';
import { sendToLoopback } from '../../test/support/loopback.js';
import { DEFAULT_OPTIONS, type Observer, type ObserverEvents } from './contract.js';
import { loadAddon } from './load-addon.js';
import { type ObserverChoice, openObserver } from './open-observer.js';

const folder = mkdtempSync(join(tmpdir(), 'picket-observers-'));
const at = (name: string) => join(folder, name);
const OPTIONS = { ...DEFAULT_OPTIONS, homeNets: ['198.51.100.0/24'], shardCount: 4 };
const FRAMES = 200;
/** More than one block of reading. */
const LONG_FRAMES = 20_000;

/** A SYN without checksums, from 203.0.113.`host` to 198.51.100.`host`, port `port`. */
function synOf(host: number, port: number): Uint8Array {
  const ethernet = '0000000000010000000000020800';
  const packet =
    '4500002800000000400600000000000000000000' + '0000000000000001000000005002040000000000';
  const frame = Buffer.from(ethernet + packet, 'hex');
  frame.set([203, 0, 113, host], 26);
  frame.set([198, 51, 100, host], 30);
  frame.writeUInt16BE(port, 36);
  return Uint8Array.from(frame);
}

/** One SYN every 50 ms from second `start` on. */
function scan(start: number, count = FRAMES): Uint8Array {
  const frames = Array.from({ length: count }, (_, i) => ({
    seconds: start + Math.floor(i / 20),
    fraction: (i % 20) * 50_000,
    bytes: synOf(i % 250, i),
  }));
  return pcap(frames);
}

interface Seen {
  batches: [shard: number, hex: string][];
  damages: [path: string, offset: number, reason: string][];
  progress: [readBytes: number, totalBytes: number, path: string][];
  observer: Observer;
}

async function observe(
  choice: ObserverChoice,
  paths: string[],
  events: Partial<ObserverEvents> = {},
): Promise<Seen> {
  const { observer } = openObserver(choice, OPTIONS, null);
  const seen: Seen = { batches: [], damages: [], progress: [], observer };
  await observer.run(
    { kind: 'files', paths },
    {
      batch: (shard, bytes) => {
        seen.batches.push([shard, Buffer.from(bytes).toString('hex')]);
      },
      damage: (...damage) => seen.damages.push(damage),
      progress: (...progress) => seen.progress.push(progress),
      ...events,
    },
  );
  return seen;
}

beforeAll(() => {
  const whole = scan(1000);
  writeFileSync(at('whole.pcap'), whole);
  writeFileSync(at('whole.gz'), gzipSync(whole));
  writeFileSync(at('cut.pcap'), whole.subarray(0, whole.length - 10));
  writeFileSync(at('cut.gz'), gzipSync(whole).subarray(0, -10));
  writeFileSync(at('later.pcap'), scan(2000));
  writeFileSync(at('empty.pcap'), pcap([]));
  writeFileSync(at('text.pcap'), 'text, not packets');
});
afterAll(() => rmSync(folder, { recursive: true }));

const isBuilt = 'addon' in loadAddon();
const choices: ObserverChoice[] = isBuilt ? ['native', 'typescript'] : ['typescript'];

describe.each(choices)('%s observer', (choice) => {
  it('hands over every shard of every epoch and counts the frames', async () => {
    const { batches, observer, damages } = await observe(choice, [at('whole.pcap')]);
    const shards = batches.map(([shard]) => shard);
    expect(new Set(shards)).toEqual(new Set([0, 1, 2, 3]));
    expect(batches.length).toBeGreaterThanOrEqual((FRAMES / 20) * OPTIONS.shardCount);
    expect(observer.stats()).toMatchObject({ frames: FRAMES, batches: batches.length });
    expect(damages).toEqual([]);
  });

  it('makes the same of a plain and of a compressed capture', async () => {
    const plain = await observe(choice, [at('whole.pcap')]);
    const compressed = await observe(choice, [at('whole.gz')]);
    expect(compressed.batches).toEqual(plain.batches);
  });

  it('reports damage, after observing everything before it', async () => {
    const { damages, observer } = await observe(choice, [at('cut.pcap'), at('later.pcap')]);
    const offset = 24 + 70 * (FRAMES - 1);
    const reason = 'the file ends inside a packet record: 60 of 70 bytes are there';
    expect(damages).toEqual([[at('cut.pcap'), offset, reason]]);
    expect(observer.stats().frames).toBe(2 * FRAMES - 1);
  });

  it('reports a damaged compression', async () => {
    const { damages, observer } = await observe(choice, [at('cut.gz')]);
    expect(damages).toHaveLength(1);
    expect(damages[0]?.[2]).toMatch(/^its gzip stream is damaged/);
    expect(observer.stats().frames).toBeGreaterThan(0);
  });

  it('reports a file that is no capture, and reads the others', async () => {
    const { damages, observer } = await observe(choice, [at('text.pcap'), at('whole.pcap')]);
    const reason = 'it begins with 74 65 78 74, which is neither pcap nor pcapng';
    expect(damages).toEqual([[at('text.pcap'), 0, reason]]);
    expect(observer.stats().frames).toBe(FRAMES);
  });

  it('reads files in the order of their times, and reports its way through them', async () => {
    const { progress } = await observe(choice, [at('later.pcap'), at('whole.pcap')]);
    const size = 24 + 70 * FRAMES;
    expect(progress.at(-1)).toEqual([2 * size, 2 * size, at('later.pcap')]);
    const read = progress.map(([readBytes]) => readBytes);
    expect(read).toEqual([...read].sort((a, b) => a - b));
  });

  it('reads an empty capture to an empty end', async () => {
    const { damages, observer, batches } = await observe(choice, [at('empty.pcap')]);
    expect({ damages, batches }).toEqual({ damages: [], batches: [] });
    expect(observer.stats().frames).toBe(0);
  });

  it('rejects a missing file before reading the others', async () => {
    const reading = observe(choice, [at('whole.pcap'), at('nothing.pcap')]);
    await expect(reading).rejects.toMatchObject({
      code: 'input-unreadable',
      message: expect.stringContaining('nothing.pcap'),
    });
  });

  it('rejects an interface that does not exist', async () => {
    const { observer } = openObserver(choice, OPTIONS, { rings: 1 });
    const input = {
      ...{ name: 'nosuch0', snapLength: 2048, bufferSize: 2 ** 20, promiscuous: true },
      rings: 1,
    };
    const watching = observer.run({ kind: 'interface', ...input }, { batch() {} });
    await expect(watching).rejects.toMatchObject({
      code: 'interface-unavailable',
      message: expect.stringContaining('nosuch0'),
    });
  });

  const asRoot = process.getuid?.() === 0;
  const live = {
    ...{ name: 'lo', snapLength: 2048, bufferSize: 2 ** 20, promiscuous: true },
    rings: 1,
  };

  it.skipIf(!asRoot)('looks at no frame before it may (root only)', async () => {
    const { observer } = openObserver(choice, OPTIONS, { rings: 1 });
    const framesAt: number[] = [];
    const opened = async () => {
      await sendToLoopback();
      await new Promise((resolve) => setTimeout(resolve, 300));
      framesAt.push(observer.stats().frames ?? 0);
      observer.stop();
    };
    await observer.run({ kind: 'interface', ...live }, { batch() {}, opened });
    expect(framesAt).toEqual([0]);
  });

  it.skipIf(!asRoot)('rejects with what `opened` rejects with (root only)', async () => {
    const { observer } = openObserver(choice, OPTIONS, { rings: 1 });
    const opened = () => Promise.reject(new Error('root is not given up'));
    const watching = observer.run({ kind: 'interface', ...live }, { batch() {}, opened });
    await expect(watching).rejects.toThrow('root is not given up');
    expect(observer.stats().frames ?? 0).toBe(0);
  });

  it('rejects with the error of the handler', async () => {
    const batch = () => Promise.reject(new Error('the queue is on fire'));
    await expect(observe(choice, [at('whole.pcap')], { batch })).rejects.toThrow('on fire');
  });

  it('does not get ahead of a slow handler', async () => {
    let isHandling = false;
    const batch = async () => {
      expect(isHandling).toBe(false);
      isHandling = true;
      await new Promise((resolve) => setImmediate(resolve));
      isHandling = false;
    };
    const { observer } = await observe(choice, [at('whole.pcap')], { batch });
    expect(observer.stats().frames).toBe(FRAMES);
  });

  it('stops in the middle of a file, hands over what it saw, calls that no damage', async () => {
    writeFileSync(at('long.pcap'), scan(1000, LONG_FRAMES));
    const { observer } = openObserver(choice, OPTIONS, null);
    let handled = 0;
    let damages = 0;
    const events = {
      batch: () => {
        handled++;
        observer.stop();
      },
      damage: () => {
        damages++;
      },
    };
    await observer.run({ kind: 'files', paths: [at('long.pcap'), at('later.pcap')] }, events);
    const { frames, batches } = observer.stats();
    // How far the reader was ahead of its first batch is a matter of time; the second file is not.
    expect(frames).toBeLessThanOrEqual(LONG_FRAMES);
    expect(batches).toBe(handled);
    expect(damages).toBe(0);
  });

  it('ends at once when it was stopped before it ran', async () => {
    const { observer } = openObserver(choice, OPTIONS, null);
    observer.stop();
    await observer.run({ kind: 'files', paths: [at('whole.pcap')] }, { batch() {} });
    expect(observer.stats().frames).toBe(0);
  });
});

it.skipIf(!isBuilt)('the two observers agree, batch for batch', async () => {
  const paths = [at('whole.pcap'), at('later.pcap'), at('cut.gz')];
  const native = await observe('native', paths);
  const typescript = await observe('typescript', paths);
  expect(typescript.batches).toEqual(native.batches);
  expect(typescript.damages).toEqual(native.damages);
  expect(typescript.observer.stats()).toEqual(native.observer.stats());
});
