import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ipv4Text } from './address.js';
import { burstFrames } from './bursts.js';
import { FLOOD_DEFAULTS, floodCapture } from './flood.js';
import { foldChecksum, icmpFrame, sumWords, tcpFrame, udpFrame } from './frames.js';
import { mixedCapture } from './mixed.js';
import { Permutation } from './random.js';
import { scanCapture } from './scan.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'picket-generate-'));
  process.env['PICKET_CAPTURE_CACHE'] = folder;
});
afterAll(() => {
  delete process.env['PICKET_CAPTURE_CACHE'];
  rmSync(folder, { recursive: true });
});

/** Frames of a little-endian classic capture. */
function framesOf(path: string): Uint8Array[] {
  const file = readFileSync(path);
  const frames: Uint8Array[] = [];
  for (let at = 24; at < file.length; ) {
    const size = file.readUInt32LE(at + 8);
    frames.push(file.subarray(at + 16, at + 16 + size));
    at += 16 + size;
  }
  return frames;
}

/**
 * Both sums of an Ethernet, IPv4 (no options), TCP or UDP frame come out as zero when they are
 * right.
 */
function checksumsRight(frame: Uint8Array): boolean {
  const size = (frame[16] << 8) | frame[17];
  const segment = frame.subarray(34, 14 + size);
  const pseudo = sumWords(frame.subarray(26, 34)) + frame[23] + segment.length;
  return (
    foldChecksum(sumWords(frame.subarray(14, 34))) === 0 &&
    foldChecksum(sumWords(segment) + pseudo) === 0
  );
}
const sourceOf = (frame: Uint8Array): string => frame.subarray(26, 30).join('.');
const targetOf = (frame: Uint8Array): string => frame.subarray(30, 34).join('.');

describe('frames', () => {
  it('have right checksums, odd payloads included', () => {
    const sides = {
      source: '198.51.100.1',
      destination: '203.0.113.2',
      sourcePort: 1,
      destinationPort: 2,
    };
    expect(checksumsRight(tcpFrame({ ...sides, payload: Uint8Array.of(1, 2, 3) }))).toBe(true);
    expect(checksumsRight(udpFrame({ ...sides, payload: Uint8Array.of(9) }))).toBe(true);
    expect(checksumsRight(tcpFrame({ ...sides, checksumError: 1 }))).toBe(false);
  });

  it('match the worked example of RFC 1071 for an echo request', () => {
    const frame = icmpFrame({ source: '10.0.0.1', destination: '10.0.0.2', type: 8 });
    expect([...frame.subarray(34)]).toEqual([8, 0, 0xf7, 0xff, 0, 0, 0, 0]);
  });
});

describe('generators', () => {
  it('visit every place of a permutation once', () => {
    for (const size of [1, 2, 7, 256, 1000]) {
      const order = new Permutation(size, 5);
      expect(new Set(Array.from({ length: size }, (_, index) => order.at(index))).size).toBe(size);
    }
  });

  it('write exactly the packets asked for, with right checksums', () => {
    const paths = [scanCapture({ packetCount: 3000 }), mixedCapture({ packetCount: 3000 })];
    for (const frames of paths.map(framesOf)) {
      expect(frames.length).toBe(3000);
      expect(frames.every(checksumsRight)).toBe(true);
    }
  });

  it('put the masscan mark on every probe', () => {
    const probes = framesOf(scanCapture({ packetCount: 1000, answerShare: 0 }));
    for (const frame of probes) {
      const view = new DataView(frame.buffer, frame.byteOffset);
      const mark = view.getUint32(30) ^ view.getUint16(36) ^ view.getUint32(38);
      expect(view.getUint16(18)).toBe(mark & 0xffff);
    }
  });

  it('give the same bytes for the same seed and others for another', () => {
    const digest = (path: string): string =>
      createHash('sha256').update(readFileSync(path)).digest('hex');
    const once = digest(mixedCapture({ packetCount: 2000 }));
    rmSync(mixedCapture({ packetCount: 2000 }));
    expect(digest(mixedCapture({ packetCount: 2000 }))).toBe(once);
    expect(digest(mixedCapture({ packetCount: 2000, seed: 9 }))).not.toBe(once);
  });

  it('mix in about 95 % established traffic', () => {
    const frames = framesOf(mixedCapture({ packetCount: 100_000, flowCount: 200 }));
    const established = frames.filter((frame) => frame[23] === 6 && (frame[47] & 0x17) === 0x10);
    expect(established.length / frames.length).toBeGreaterThan(0.93);
    expect(established.length / frames.length).toBeLessThan(0.97);
  });

  it('use each spoofed source once and hide one scanner of 200 targets', () => {
    const frames = framesOf(floodCapture({ sourceCount: 50_000, ratePerSecond: 2000 }));
    const scan = frames.filter((frame) => sourceOf(frame) === FLOOD_DEFAULTS.scanner);
    expect(new Set(scan.map(targetOf)).size).toBe(200);
    const spoofed = frames.filter((frame) => sourceOf(frame) !== FLOOD_DEFAULTS.scanner);
    expect(new Set(spoofed.map(sourceOf)).size).toBe(50_000);
    expect(new Set(spoofed.map(targetOf))).toEqual(new Set([FLOOD_DEFAULTS.target]));
  });

  it('spread a burst over its seconds and its targets', () => {
    const frames = burstFrames([
      { across: 'targets', count: 60, fromS: 65, toS: 75, firstIndex: 60 },
    ]);
    expect(new Set(frames.map(({ frame }) => targetOf(frame))).size).toBe(60);
    expect(targetOf(frames[0].frame)).toBe(ipv4Text(0xc633643d));
    expect(frames[59].timeUs - frames[0].timeUs).toBeLessThan(10_000_000);
  });
});
