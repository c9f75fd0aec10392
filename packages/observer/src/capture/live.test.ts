import { describe, expect, it } from 'vitest';
import { failureOf } from './live-source.js';
import { ParcelWriter, readParcels } from './live-stream.js';
import { frameOf } from './testkit/build-capture.js';
import { collect } from './testkit/collect.js';

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What arrives at the other end when a writer's parcels come in chunks of `size` bytes. */
async function arrive(fill: (writer: ParcelWriter) => void, size: number) {
  const sent: Uint8Array[] = [];
  fill(new ParcelWriter(1, 65_535, (parcel) => sent.push(parcel.slice())));
  const pieces: Uint8Array[] = [];
  const times: number[] = [];
  for await (const { piece, nowUs } of readParcels(inChunks(Buffer.concat(sent), size))) {
    pieces.push(piece);
    times.push(nowUs);
  }
  return { ...collect(Buffer.concat(pieces)), times };
}

describe('parcels', () => {
  const timeUs = 1_700_000_000_123_456;

  it.each([1, 7, 100_000])('carry frames and times, in chunks of %i bytes', async (size) => {
    const { frames, damage, times } = await arrive((writer) => {
      writer.frame(frameOf(60, 1), timeUs);
      writer.flush(timeUs + 5);
      writer.flush(timeUs + 10);
      writer.frame(frameOf(1500, 2), timeUs + 11);
      writer.flush(timeUs + 12);
    }, size);
    expect(damage).toBeUndefined();
    expect(times).toEqual([timeUs + 5, timeUs + 10, timeUs + 12]);
    expect(frames).toEqual([
      { bytes: frameOf(60, 1), captured: 60, wire: 60, timeUs, linkType: 1 },
      { bytes: frameOf(1500, 2), captured: 1500, wire: 1500, timeUs: timeUs + 11, linkType: 1 },
    ]);
  });

  it('are sent when full, without being asked', async () => {
    const { frames, times } = await arrive((writer) => {
      for (let i = 0; i < 5; i++) writer.frame(frameOf(65_535, i), timeUs + i);
    }, 50_000);
    expect(frames).toHaveLength(5);
    expect(times).toHaveLength(5);
  });
});

describe('failureOf', () => {
  it.each([
    ['socket: Operation not permitted', null, 'no-privileges'],
    ['You do not have permission to capture on that device', null, 'no-privileges'],
    ['x9: No such device exists (SIOCGIFHWADDR: No such device)', null, 'no-such-interface'],
    ['syntax error in filter expression: syntax error', null, 'filter-invalid'],
    ["can't parse filter expression: syntax error", null, 'filter-invalid'],
    ['Unknown linktype 105', null, 'link-type-unknown'],
    ['That device is not up', null, 'interface-down'],
    ['', 'SIGABRT', 'interface-down'],
    ['out of sheep', null, 'failed'],
  ] as const)('tells %j (%s) for %s', (message, signal, problem) => {
    expect(failureOf(message, signal).problem).toBe(problem);
  });

  it('leaves out the warnings of cap', () => {
    const message = 'Warning: no IPv4 address - This may not actually work\nout of sheep\n';
    expect(failureOf(message, null)).toEqual({ problem: 'failed', detail: 'out of sheep' });
  });
});
