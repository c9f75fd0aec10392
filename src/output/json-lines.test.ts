import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { PicketError } from '../shared/errors.js';
import { linesToFile, linesToStream } from './json-lines.js';

/** A reader that takes what it is given when told to. */
class HeldReader extends Writable {
  readonly taken: string[] = [];
  #pending: ((error?: Error | null) => void)[] = [];

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.taken.push(chunk.toString());
    this.#pending.push(done);
  }

  take(error: Error | null = null): void {
    for (const done of this.#pending.splice(0)) done(error);
  }
}

const turn = (): Promise<void> => new Promise(setImmediate);

describe('lines to a stream', () => {
  it('writes whole lines in order, those that waited together', async () => {
    const reader = new HeldReader();
    const lines = linesToStream(reader, () => {});
    for (const line of ['a', 'b', 'c']) await lines.write(line);
    reader.take();
    await turn();
    reader.take();
    await lines.close();
    expect(reader.taken.join('')).toBe('a\nb\nc\n');
    expect(reader.taken.length).toBeLessThan(3);
    expect(lines.stats()).toEqual({ lines_written: 3, lines_failed: 0 });
  });

  it('makes the caller wait for a slow reader, and only then', async () => {
    const reader = new HeldReader();
    const lines = linesToStream(reader, () => {});
    await lines.write('first');
    let resolved = false;
    const waiting = lines.write('x'.repeat(1 << 20)).then(() => {
      resolved = true;
    });
    await turn();
    expect(resolved).toBe(false);
    reader.take();
    await turn();
    reader.take();
    await waiting;
  });

  it('tells once that the reader left, and counts what it did not get', async () => {
    const reader = new HeldReader();
    const troubles: PicketError[] = [];
    const lines = linesToStream(reader, (error) => troubles.push(error));
    await lines.write('a');
    reader.take(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await lines.flush();
    await lines.write('b');
    await lines.close();
    expect(troubles.map((error) => [error.code, error.exitStatus])).toEqual([['output-closed', 0]]);
    expect(lines.stats()).toEqual({ lines_written: 0, lines_failed: 2 });
  });

  it('tells any other failure by its reason', async () => {
    const reader = new HeldReader();
    const troubles: PicketError[] = [];
    const lines = linesToStream(reader, (error) => troubles.push(error));
    await lines.write('a');
    reader.take(new Error('no space'));
    await lines.close();
    expect(troubles).toMatchObject([
      { code: 'output-failed', message: expect.stringContaining('no space') },
    ]);
  });
});

describe('lines to a file', () => {
  const folders: string[] = [];
  const folder = (): string => {
    folders.push(mkdtempSync(join(tmpdir(), 'picket-lines-')));
    return folders[folders.length - 1];
  };
  afterEach(() => {
    for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
  });

  it('appends to what is there', async () => {
    const path = join(folder(), 'eve.json');
    for (const line of ['a', 'b']) {
      const lines = await linesToFile(path, () => {});
      await lines.write(line);
      await lines.close();
    }
    expect(readFileSync(path, 'utf8')).toBe('a\nb\n');
  });

  it('names the file it cannot open and what to do', async () => {
    const path = join(folder(), 'missing', 'eve.json');
    await expect(linesToFile(path, () => {})).rejects.toMatchObject({
      code: 'output-failed',
      message: expect.stringContaining(path),
    });
  });

  it.runIf(existsSync('/dev/full'))(
    'counts what a full disk refused, says so once and goes on',
    async () => {
      const troubles: PicketError[] = [];
      const lines = await linesToFile('/dev/full', (error) => troubles.push(error));
      await lines.write('a');
      await lines.flush();
      await lines.write('b');
      await lines.close();
      expect(troubles).toMatchObject([
        { code: 'output-failed', message: expect.stringContaining('/dev/full') },
      ]);
      expect(lines.stats()).toEqual({ lines_written: 0, lines_failed: 2 });
    },
  );
});
