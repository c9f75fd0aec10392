import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { threadFile } from './program-file.js';
import { prepareThread, takeThread } from './threads.js';

const MISSING = 'src/no-such-program';

describe('takeThread', () => {
  it('gives the one prepared once, then a new one', async () => {
    const name = 'src/transport/testkit/toy-worker';
    prepareThread(name);
    const threads = [takeThread(threadFile(name), 'one'), takeThread(threadFile(name), 'two')];
    expect(threads[0]).toBeInstanceOf(Worker);
    expect(threads[0]).not.toBe(threads[1]);
    await Promise.all(threads.map((thread) => thread.terminate()));
  });

  it('tells whoever takes it that a program does not load, though prepared', async () => {
    prepareThread(MISSING);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const [error] = await once(takeThread(threadFile(MISSING), 'missing'), 'error');
    expect(String(error)).toContain(MISSING);
  });
});
