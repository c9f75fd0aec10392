import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pcap } from '../../packages/observer/src/capture/testkit/build-capture.js';
import { orderInputs } from './input-files.js';

const folder = mkdtempSync(join(tmpdir(), 'picket-inputs-'));
const at = (name: string) => join(folder, name);
const names = (paths: string[]) => paths.map((path) => path.slice(folder.length + 1));

beforeAll(() => {
  mkdirSync(at('ring'));
  mkdirSync(at('ring/below'));
  mkdirSync(at('nothing'));
  writeFileSync(at('ring/c-first'), pcap([{ seconds: 10 }]));
  writeFileSync(at('ring/a-last.pcap'), pcap([{ seconds: 30 }]));
  writeFileSync(at('ring/b.gz'), gzipSync(pcap([{ seconds: 20 }, { seconds: 5 }])));
  writeFileSync(at('ring/below/d.pcap'), pcap([{ seconds: 1 }]));
  writeFileSync(at('ring/notes.txt'), 'not a capture');
  writeFileSync(at('ring/notes.gz'), gzipSync('not a capture'));
  writeFileSync(at('ring/nothing.pcap'), '');
  writeFileSync(at('ring/e-headerless.pcap'), pcap([]));
  writeFileSync(at('nothing/notes.txt'), 'not a capture');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('orderInputs', () => {
  it('puts files in the order of their first frames', async () => {
    const given = [at('ring/a-last.pcap'), at('ring/b.gz'), at('ring/c-first')];
    expect(names(await orderInputs(given))).toEqual([
      'ring/c-first',
      'ring/b.gz',
      'ring/a-last.pcap',
    ]);
  });

  it('takes a folder for the captures in it, whatever their names', async () => {
    expect(names(await orderInputs([at('ring')]))).toEqual([
      'ring/c-first',
      'ring/e-headerless.pcap',
      'ring/b.gz',
      'ring/a-last.pcap',
    ]);
  });

  it('leaves what has no time behind what was named before it', async () => {
    const given = [at('ring/a-last.pcap'), '-', at('ring/c-first')];
    expect(await orderInputs(given)).toEqual([at('ring/c-first'), at('ring/a-last.pcap'), '-']);
  });

  it('does not open a single file', async () => {
    expect(await orderInputs([at('ring/notes.txt')])).toEqual([at('ring/notes.txt')]);
  });

  it.each([
    ['missing.pcap', /missing\.pcap cannot be read: there is no such file/],
    ['nothing', /nothing holds no captures/],
  ])('says what is wrong with %s', async (name, message) => {
    const ordering = orderInputs([at(name)]);
    await expect(ordering).rejects.toMatchObject({ code: 'input-unreadable' });
    await expect(ordering).rejects.toThrow(message);
  });
});
