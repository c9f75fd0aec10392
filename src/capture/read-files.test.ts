import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from './engine.js';
import { readFiles } from './read-files.js';

const events = { batch() {} };
const ofAll = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('readFiles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'picket-read-files-'));
  const path = join(folder, 'pieces.gz');
  const content = randomBytes(2 * 2 ** 20);
  beforeAll(() => writeFileSync(path, gzipSync(content)));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** An engine that takes its time over each piece of a stream. */
  function slowEngine(take: (piece: Uint8Array) => Promise<void>): Engine {
    return {
      readFile: async () => undefined,
      push: take,
      endStream: async () => undefined,
      watch: async () => undefined,
      finish: async () => {},
      stop() {},
      release() {},
      readBytes: () => 0,
      stats: () => ({}),
      close: async () => {},
    };
  }

  it('reads ahead of the engine, by a bounded number of pieces', async () => {
    const taken = createHash('sha256');
    let [underWay, most, pieces] = [0, 0, 0];
    const engine = slowEngine(async (piece) => {
      taken.update(piece);
      pieces++;
      most = Math.max(most, ++underWay);
      await pause(1);
      underWay--;
    });
    let left = -1;
    engine.endStream = async () => {
      left = underWay;
      return undefined;
    };
    await readFiles(engine, [path], events, new AbortController().signal);
    expect(taken.digest('hex')).toBe(ofAll(content));
    expect(pieces).toBeGreaterThan(10);
    expect(most).toBe(5);
    expect(left).toBe(0);
  });

  it('ends with the error of an engine that fails', async () => {
    let pieces = 0;
    const engine = slowEngine(async () => {
      await pause(1);
      if (++pieces === 3) throw new Error('the thread has died');
    });
    const read = readFiles(engine, [path], events, new AbortController().signal);
    await expect(read).rejects.toThrow('the thread has died');
  });
});
