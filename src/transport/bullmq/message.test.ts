import fc from 'fast-check';
import { pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import type { Suspect } from '../../../packages/plugin-api/src/suspect.js';
import type { ShardOutcome } from '../contract.js';
import { type Item, readEntry, readMessage, writeEntry, writeMessage } from './message.js';
import { packOutcome, unpackOutcome } from './outcome-message.js';
import { openFrame, packFrame } from './snapshot-frame.js';

const item: Item = {
  source: 'edge#1',
  kind: 'data',
  sequence: 7,
  previous: 5,
  bytes: Uint8Array.of(1, 2, 3),
};
const plain = (one: Item) => ({ ...one, bytes: [...one.bytes] });

describe('message', () => {
  it('is read as it was written', () => {
    const items = [item, { ...item, kind: 'end' as const, sequence: 8, previous: 7 }];
    const read = readMessage(JSON.parse(JSON.stringify(writeMessage('edge#1', items))));
    expect(read.map(plain)).toEqual(items.map(plain));
    expect(plain(readEntry(writeEntry(item)))).toEqual(plain(item));
  });

  it.each([
    [null, /not an object/],
    [{ v: 2, source: 'a', items: '' }, /version 2/],
    [{ v: 1, source: '', items: '' }, /source/],
    [{ v: 1, source: 'a b', items: '' }, /source/],
    [{ v: 1, source: 'a', items: 5 }, /base64/],
    [{ v: 1, source: 'a', items: '' }, /msgpack|list/],
    [messageOf([]), /list/],
    [messageOf([[9, 0, -1, new Uint8Array()]]), /kind/],
    [messageOf([[0, -1, -2, new Uint8Array()]]), /sequence/],
    [messageOf([[0, 4, 4, new Uint8Array()]]), /previous/],
    [messageOf([[0, 4, 3, 'text']]), /bytes/],
    [messageOf([[0, 4, 3]]), /form/],
  ])('refuses %j', (data, message) => {
    expect(() => readMessage(data)).toThrow(message);
    expect(() => readMessage(data)).toThrow(RangeError);
  });

  it('reads anything or throws a RangeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const data = { v: 1, source: 'a', items: Buffer.from(bytes).toString('base64') };
        for (const read of [() => readMessage(data), () => readEntry(bytes)]) {
          try {
            read();
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('snapshot frame', () => {
  const frame = { birth: 'b', applied: 3, positions: [['a', 2]] as [string, number][] };

  it('is opened as it was packed', () => {
    const opened = openFrame(packFrame({ ...frame, state: Uint8Array.of(9) }));
    expect({ ...opened, state: [...opened.state] }).toEqual({ ...frame, state: [9] });
  });

  it('is refused when any bit of it was changed, or its end is missing', () => {
    const bytes = packFrame({ ...frame, state: new Uint8Array(20) });
    for (let at = 0; at < bytes.length; at++) {
      expect(() => openFrame(bytes.subarray(0, at))).toThrow(RangeError);
      const changed = Buffer.from(bytes);
      changed[at] ^= 1;
      expect(() => openFrame(changed)).toThrow(RangeError);
    }
  });
});

describe('outcome message', () => {
  const outcome: ShardOutcome = {
    shard: 3,
    watermarkUs: 1_700_000_000_000_000,
    final: false,
    findings: [],
    progress: [],
    suspects: [],
    traffic: null,
    losses: { findings_suppressed: 0 },
  };

  const suspect: Suspect = {
    source: { ip: '2001:db8::9', tunnel: 0 },
    ...{
      epochStartUs: 0,
      judgedUs: 1,
      fingerprint: 'f',
      tool: null,
      raw: true,
      runKey: 0,
      proof: 0,
    },
    contacts: [{ target: '198.51.100.1', protocol: 6, port: 1, tuple: 0, timeUs: 0, open: false }],
  };

  it('is read as it was written', () => {
    const traffic = {
      ...{ epochStartUs: 0, judgedUs: 1, syns: 3, connected: 1, inbound: 9 },
      answersVisible: true,
    };
    const whole = { ...outcome, suspects: [suspect], traffic };
    expect(unpackOutcome(packOutcome(whole))).toEqual(whole);
  });

  it('may be of a worker that does not tell its traffic yet', () => {
    const { traffic, ...older } = outcome;
    expect(unpackOutcome(pack(older))).toEqual({ ...older, traffic });
  });

  it.each([
    { ...outcome, shard: -1 },
    { ...outcome, final: 1 },
    { ...outcome, findings: [{ id: 'x' }] },
    { ...outcome, losses: { a: 'b' } },
    { ...outcome, more: 1 },
    { ...outcome, traffic: { syns: 1 } },
    { ...outcome, suspects: [{ ...suspect, source: { ip: '198.51.100.999', tunnel: 0 } }] },
    { ...outcome, suspects: [{ ...suspect, contacts: [] }] },
    5,
  ])('refuses %j', (value) => {
    expect(() => unpackOutcome(pack(value))).toThrow(
      expect.objectContaining({ code: 'batch-invalid' }),
    );
  });
});

function messageOf(items: unknown): unknown {
  return { v: 1, source: 'a', items: Buffer.from(pack(items)).toString('base64') };
}
