/**
 * The two observers agree batch for batch on a small world where everything meets everything: few
 * addresses, ports and numbers, all protocols and flags, in tables that hold it and in tables that
 * do not. The native one runs under sanitizers. Captures are compared by `differential.test.ts` and
 * `scripts/check-differential.mjs`.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { LinkType } from '../packages/observer/src/base/link-types.js';
import { pcap } from '../packages/observer/src/capture/testkit/build-capture.js';
import * as build from '../packages/observer/src/decode/testkit/build-frame.js';
import { UDP_ANSWER_FORMS } from '../packages/observer/src/observe/udp-answer-forms.js';
import { DEFAULT_OPTIONS } from '../packages/observer/src/options.js';
import { Random } from './generate/random.js';
import { batchDump } from './support/batch-dump.js';
import { scratchFolder } from './support/scratch.js';

const WORLD_HOME = ['198.51.100.0/24'];
const FRAMES = 6000;
/** Six seconds of sweeps over two networks, the second of which is not ours. */
const SWEPT_HOME = ['10.10.0.0/16'];
const SWEPT = ['10.10', '10.10', '10.10', '10.10', '10.11'];
const SWEEP_FRAMES = 60_000;
const SCANNERS = [
  { src: '203.0.113.66', port: 40_001, ttl: 240, tcp: { window: 1024 } },
  { src: '203.0.113.67', port: 40_001, ttl: 240, tcp: { window: 1024 } },
  { src: '203.0.113.66', port: 40_002, ttl: 240, tcp: { window: 1024, options: '020405b4' } },
  { src: '198.51.100.7', port: 50_000, ttl: 52, tcp: { window: 65_535, options: '020405b4' } },
  {
    src: '10.10.3.3',
    port: 50_001,
    ttl: 64,
    tcp: { window: 1024, options: '0101080a0000000100000000' },
  },
];
const DEEP_HOME = ['198.51.100.0/24'];
/** The world lasts four seconds: in three of them, who has not spoken is dark. */
const DARK_AFTER_US = 1_000_000;
/** In three and a half, whoever gets a bare ACK is scanned. */
const SILENT_AFTER_US = 500_000;
const { bytes, ipv4, tcp } = build;
const DNS_ANSWER = bytes('1234 8180 0001 0001 0000 0000');
const HTTP_REQUEST = bytes(new TextEncoder().encode('GET / HTTP/1.0\r\n\r\n'));
const hasCompiler = ['g++', 'make'].every((name) => spawnSync(name, ['--version']).status === 0);
const folder = scratchFolder();
const patterns = join(folder, 'payloads.txt');
let program = '';

describe.skipIf(!hasCompiler)('native and TypeScript observer', () => {
  beforeAll(() => {
    const built = spawnSync('bash', ['native/test/build.sh', 'batch_dump'], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
    program = built.stdout.trim();
    const lines = DEFAULT_OPTIONS.payloadSignatures.map(
      ({ id, transport, at, hex }) => `${id} ${transport} ${at} ${hex}\n`,
    );
    writeFileSync(patterns, lines.join(''));
  }, 600_000);

  it.each([1, 2, 3])('agree on a small world (seed %i)', (seed) => {
    const path = join(folder, `world-${seed}.pcap`);
    const random = new Random(seed);
    const packets: Uint8Array[] = [];
    // One in ten is a copy, as a span port makes them.
    for (let index = 0; index < FRAMES; index++) {
      const copied = index > 0 && random.below(10) === 0;
      packets.push(copied ? packets[index - 1] : packet(random));
    }
    const frames = packets.map((bytes, index) => ({
      bytes,
      seconds: 1_795_000_000 + Math.floor(index / 1500),
      fraction: (index % 1500) * 600,
    }));
    writeFileSync(path, pcap(frames, { linkType: LinkType.raw }));
    const counts = new Map(expectEqual(path, WORLD_HOME).map(pairOf));
    for (const name of ['probes', 'orphans', 'duplicates', 'internal', 'partial_batches']) {
      expect(Number(counts.get(name)), name).toBeGreaterThan(0);
    }
    const known = { darkAfterUs: DARK_AFTER_US, silentAfterUs: SILENT_AFTER_US };
    const settings = { homeNets: WORLD_HOME, ...known, capacity: undefined };
    const lines = expectEqual(path, WORLD_HOME);
    const undark = batchDump(path, { ...settings, darkAfterUs: 0 });
    expect(undark, 'nothing was dark').not.toEqual(lines);
    const quick = batchDump(path, { ...settings, silentAfterUs: 0 });
    expect(quick, 'nobody was silent').not.toEqual(lines);
    expectEqual(path, WORLD_HOME, 64);
    expectEqual(path, WORLD_HOME, 2);
  });

  it.each([1, 2, 3, 4])('agree on sweeps wider than any list, interrupted (seed %i)', (seed) => {
    const path = join(folder, `sweep-${seed}.pcap`);
    const random = new Random(seed);
    const frames: Uint8Array[] = [];
    while (frames.length < SWEEP_FRAMES) {
      for (const frame of sweepFrames(random)) {
        frames.push(frame);
        if (random.below(50) === 0) frames.push(frame);
      }
    }
    const timed = frames.map((bytes, index) => ({
      bytes: random.below(60) === 0 ? spoiled(random, bytes) : bytes,
      seconds: 1_795_000_000 + Math.floor(index / 10_000),
      fraction: (index % 10_000) * 100 - (random.below(100) === 0 ? Math.min(index, 70) : 0),
    }));
    writeFileSync(path, pcap(timed, { linkType: LinkType.ethernet }));
    const counts = new Map(expectEqual(path, SWEPT_HOME).map(pairOf));
    expect(Number(counts.get('duplicates'))).toBeGreaterThan(100);
    expect(Number(counts.get('anomaly.tcp_checksum'))).toBeGreaterThan(10);
    // Small tables, in which one scanner lists all that it may.
    expectEqual(path, SWEPT_HOME, 520);
  });

  it.each([1, 2])('agree on what is an answer over UDP (seed %i)', (seed) => {
    const path = join(folder, `answers-${seed}.pcap`);
    const random = new Random(seed);
    const frames = Array.from({ length: 20_000 }, (_, index) => ({
      bytes: answerFrame(random),
      seconds: 1_795_000_000 + Math.floor(index / 10_000),
      fraction: (index % 10_000) * 90,
    }));
    writeFileSync(path, pcap(frames, { linkType: LinkType.raw }));
    const counts = new Map(expectEqual(path, WORLD_HOME).map(pairOf));
    const probes = Number(counts.get('probes'));
    expect(probes).toBeGreaterThan(2000);
    expect(probes).toBeLessThan(Number(counts.get('inbound')) - 2000);
  });

  it('agree on all services of a host, of every protocol', () => {
    const path = join(folder, 'deep.pcap');
    const random = new Random(1);
    const frames = Array.from({ length: 30_000 }, (_, index) => ({
      bytes: deepFrame(random),
      seconds: 1_795_000_000 + Math.floor(index / 15_000),
      fraction: (index % 15_000) * 60,
    }));
    writeFileSync(path, pcap(frames, { linkType: LinkType.raw }));
    const counts = new Map(expectEqual(path, DEEP_HOME).map(pairOf));
    expect(Number(counts.get('probes'))).toBeGreaterThan(20_000);
    expect(counts.get('sketches_refused')).toBe('0');
    // A part of a set finds room, or none of it.
    for (const capacity of [2, 3, 4, 5]) {
      const few = new Map(expectEqual(path, DEEP_HOME, capacity).map(pairOf));
      expect(Number(few.get('sketches_refused'))).toBeGreaterThan(0);
    }
  });
});

const BER_PORTS = [161, 389];

/** From a service's port, and almost or wholly an answer; now and then a host of ours speaks. */
function answerFrame(random: Random): Uint8Array {
  const ours = `198.51.100.${random.below(250)}`;
  const theirs = `203.0.113.${random.below(250)}`;
  const port = 1024 + random.below(60_000);
  if (random.below(50) === 0) return ipv4(tcp({ flags: 16 }), { src: ours, dst: theirs });
  const [formPort, size, at, mask, value, thenAt, thenMask, thenValue] = random.pick([
    ...UDP_ANSWER_FORMS,
  ]);
  const isBer = random.below(8) === 0;
  const payload = isBer ? berMessage(random) : random.bytes(size + random.below(4));
  if (!isBer) {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    const set = (from: number, bits: number, word: number): void =>
      view.setUint32(from, (view.getUint32(from) & ~bits) | word);
    set(at, mask, value);
    set(thenAt, thenMask, thenValue);
  }
  const spoil = random.below(payload.length * 3);
  if (spoil < payload.length) payload[spoil] ^= 1 << random.below(8);
  const from = isBer ? random.pick(BER_PORTS) : formPort || random.below(65_536);
  const cut = payload.subarray(0, payload.length - random.below(random.pick([1, 1, 8])));
  return ipv4(build.udp(cut, { src: from, dst: port }), {
    src: theirs,
    dst: ours,
    protocol: 17,
    id: random.below(65_536),
  });
}

/** An LDAP or SNMP message, its lengths right or not. */
function berMessage(random: Random): Uint8Array {
  const length = random.pick(['30', '84 00000030', '82 0030', '80', '8000', 'ff']);
  const integer = random.pick(['020101', '02020001', '0201', '0281']);
  const community = random.pick(['', '0406 7075626c6963', '0400', '04ff']);
  const operation = random.pick(['a2', 'a5', '64', '65', '73', '63']);
  return bytes('30', length, integer, community, operation, random.bytes(random.below(40)));
}

/** A host's every service is tried, of all protocols at once, and another host's now and then. */
function deepFrame(random: Random): Uint8Array {
  const dst = random.below(8) === 0 ? '198.51.100.10' : '198.51.100.9';
  const number = random.below(20_000);
  const fields = { dst, id: random.below(65_536) };
  switch (random.below(8)) {
    case 0:
      return ipv4(build.udp(bytes('00'), { dst: number }), {
        ...fields,
        protocol: 17,
      });
    case 1:
      return ipv4(bytes(build.be16(40_000), build.be16(number), '00000000 00000000'), {
        ...fields,
        protocol: 132,
      });
    case 2:
      return ipv4(bytes('00000000 00000000'), { ...fields, protocol: number & 0xff });
    case 3:
      return ipv4(build.icmp(number & 0xff, 0, bytes('00000000')), { ...fields, protocol: 1 });
    default:
      return ipv4(tcp({ dst: number }), fields);
  }
}

/** Both observers' lines, which are the same. */
function expectEqual(file: string, home: string[], capacity?: number): string[] {
  const tables = capacity === undefined ? [] : ['-t', `${capacity}`];
  const nets = home.flatMap((net) => ['-h', net]);
  const times = ['-d', `${DARK_AFTER_US}`, '-s', `${SILENT_AFTER_US}`];
  const words = ['-p', patterns, ...times, ...tables, ...nets, file];
  const run = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  const known = { darkAfterUs: DARK_AFTER_US, silentAfterUs: SILENT_AFTER_US };
  const typescript = batchDump(file, { homeNets: home, ...known, capacity });
  expect(run.stdout.trimEnd().split('\n')).toEqual(typescript);
  return typescript;
}

function pairOf(line: string): [name: string, value: string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

/** One probe of a sweep, with its answer now and then; two scanners take turns, in runs. */
function sweepFrames(random: Random): Uint8Array[] {
  const scanner = random.pick(SCANNERS);
  return Array.from({ length: random.pick([1, 1, 3, 40]) }).flatMap(() => {
    const host = random.below(random.pick([256, 256, 4]));
    const dst = `${random.pick(SWEPT)}.${random.below(8)}.${host}`;
    const port = random.pick([80, 443, random.below(1000)]);
    const [high, low] = dst.split('.').slice(2).map(Number);
    const seq = random.pick([random.uint32(), 0x12340000 ^ (random.below(8) * 0x10001)]);
    const masscanId = ((high << 8) | low) ^ port ^ (seq & 0xffff);
    const rare = (usual: number, odd: number): number => (random.below(100) === 0 ? odd : usual);
    const probe = ipv4(
      tcp({
        ...scanner.tcp,
        ends: { src: scanner.src, dst },
        src: rare(scanner.port, random.pick([53, 20, 0, 65_535])),
        dst: rare(port, 0),
        seq: rare(seq, random.pick([0, Buffer.from(build.address4(dst)).readUInt32BE()])),
        flags: rare(2, random.below(64)),
      }),
      {
        src: scanner.src,
        dst,
        ttl: rare(scanner.ttl, 40),
        id: random.pick([masscanId, rare(54_321, 0)]),
        ...(random.below(200) === 0 && { fragment: 0x4000 }),
      },
    );
    const isAnswered = random.below(30) === 0;
    const answer = tcp({
      ends: { src: dst, dst: scanner.src },
      src: port,
      dst: scanner.port,
      seq: 0,
      ack: seq + 1,
      flags: 20,
    });
    return [probe, ...(isAnswered ? [ipv4(answer, { src: dst, dst: scanner.src })] : [])].map(
      (packet) => build.ethernet(0x0800, packet),
    );
  });
}

/** A frame with a byte of its packet changed: everything may be wrong with it. */
function spoiled(random: Random, frame: Uint8Array): Uint8Array {
  const spoiled = frame.slice();
  spoiled[14 + random.below(frame.length - 14)] ^= 1 + random.below(255);
  return spoiled;
}

/** Ours are spoken to by a crowd, and now and then speak to it and to each other. */
function packet(random: Random): Uint8Array {
  const ours = `198.51.100.${random.below(random.pick([3, 200]))}`;
  const theirs = `203.0.113.${random.below(random.pick([2, 2, 250]))}`;
  const kind = random.below(8);
  const neighbour = `198.51.100.${random.below(3)}`;
  const [src, dst] = kind < 5 ? [theirs, ours] : [ours, kind < 7 ? theirs : neighbour];
  const fields = { src, dst, id: random.below(300), ttl: random.pick([40, 50, 51, 60]) };
  const inbound = kind < 5;
  switch (random.below(12)) {
    case 0:
    case 1:
      return ipv4(datagram(random, inbound), { ...fields, protocol: 17 });
    case 2:
      return ipv4(icmpMessage(random, dst, src), { ...fields, protocol: 1 });
    case 3:
      return ipv4(
        bytes(ports(random, inbound), '0000cafe00000000', random.pick([1, 2, 6, 10, 11]), '000004'),
        { ...fields, protocol: 132 },
      );
    case 4:
      return ipv4(random.bytes(random.below(20)), { ...fields, protocol: random.below(256) });
    default:
      return ipv4(segment(random, inbound), fields);
  }
}

/** Source and target port: a service's is the second of who comes in. */
function ports(random: Random, inbound: boolean): Uint8Array {
  const service = random.below(random.pick([2, 2, 400])) + 80;
  const client = random.pick([40_000, 40_001, 53]);
  const [src, dst] = inbound ? [client, service] : [service, client];
  return bytes(build.be16(src), build.be16(dst));
}

function segment(random: Random, inbound: boolean): Uint8Array {
  const [a, b, c, d] = ports(random, inbound);
  const flags = random.pick([2, 2, 2, 18, 18, 16, 16, 24, 17, 4, 20, 1, 0, 41, random.below(64)]);
  const payload = flags & 8 ? random.pick([HTTP_REQUEST, DNS_ANSWER]) : bytes();
  return tcp({
    src: (a << 8) | b,
    dst: (c << 8) | d,
    seq: random.below(3) * 1000,
    ack: random.below(3) * 1000 + 1,
    flags,
    window: random.pick([1024, 2048, 64_240]),
    options: random.pick(['', '020405b4', '020405b40402080a0000000100000000']),
    payload,
  });
}

function datagram(random: Random, inbound: boolean): Uint8Array {
  const [a, b, c, d] = ports(random, inbound);
  const payload = random.pick([DNS_ANSWER, bytes(), random.bytes(20)]);
  return build.udp(payload, { src: (a << 8) | b, dst: (c << 8) | d });
}

/** Requests, replies, and errors about a packet the receiver may have sent. */
function icmpMessage(random: Random, to: string, from: string): Uint8Array {
  const quoted = { src: to, dst: from, protocol: random.pick([1, 6, 17]) };
  const rest = bytes('00000000', ipv4(ports(random, false), quoted), '00000000');
  return build.icmp(random.pick([0, 3, 3, 8, 8, 11, 13, 14, 17, 18]), random.below(4), rest);
}
