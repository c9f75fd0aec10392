/**
 * The two decoders agree field by field: on captures, when they are at hand, and on mutated frames.
 * The native one runs under sanitizers.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LinkType } from '../packages/observer/src/base/link-types.js';
import { ANOMALY_NAMES } from '../packages/observer/src/decode/anomaly.js';
import { pcap } from '../packages/observer/src/capture/testkit/build-capture.js';
import * as build from '../packages/observer/src/decode/testkit/build-frame.js';
import { Random } from './generate/random.js';
import { dumpCapture } from './support/decode-dump.js';

const CAPTURES = '../shared/captures';
const FILES_PER_RUN = 8;
const FRAMES_PER_SEED = 4000;
const SEEDS = [1, 2, 3, 4];
const SMALL_TABLE = 16;

const { bytes, ethernet, geneve, gre, icmp, icmp6, ipv4, ipv6, tcp, udp, vlan, vxlan } = build;
const hasCompiler = ['g++', 'make'].every((name) => spawnSync(name, ['--version']).status === 0);
let folder = '';
let program = '';

describe.skipIf(!hasCompiler)('native and TypeScript decoder', () => {
  beforeAll(() => {
    const built = spawnSync('bash', ['native/test/build.sh', 'decode_dump'], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
    program = built.stdout.trim();
    folder = mkdtempSync(join(tmpdir(), 'picket-decode-'));
  }, 600_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(SEEDS)('agree on mutated frames (seed %i)', (seed) => {
    const path = join(folder, `mutated-${seed}.pcap`);
    const linkTypes = Object.values(LinkType);
    const linkType = seed === 1 ? LinkType.ethernet : linkTypes[seed % linkTypes.length];
    const random = new Random(seed);
    const frames = Array.from({ length: FRAMES_PER_SEED }, (_, index) => {
      const frame = mutate(random, base(random, linkType));
      const wire = frame.length + (random.below(4) === 0 ? random.below(80) : 0);
      return { bytes: frame, wire, seconds: 1 + Math.floor(index / 20), fraction: index };
    });
    writeFileSync(path, pcap(frames, { linkType }));
    expectEqual([path], SMALL_TABLE);
    if (linkType === LinkType.ethernet) expectVariety(path);
  });

  it.skipIf(!existsSync(CAPTURES))(
    'agree on every capture',
    () => {
      const files = readdirSync(CAPTURES, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(pcap|pcapng|cap)$/.test(name))
        .map((name) => join(CAPTURES, name));
      expect(files.length).toBeGreaterThan(200);
      for (let first = 0; first < files.length; first += FILES_PER_RUN) {
        expectEqual(files.slice(first, first + FILES_PER_RUN));
      }
    },
    900_000,
  );
});

function expectEqual(files: string[], fragmentsMax?: number): void {
  const limit = fragmentsMax === undefined ? [] : ['-f', `${fragmentsMax}`];
  const run = spawnSync(program, [...limit, ...files], { encoding: 'utf8', maxBuffer: 2 ** 29 });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  const native = run.stdout.trimEnd().split('\n');
  let at = 0;
  for (const file of files) {
    for (const line of dumpCapture(file, fragmentsMax)) {
      // Compared before `expect`, which is slow for half a million lines.
      if (native[at] !== line) expect(native[at], `${file}, line ${at}`).toBe(line);
      at++;
    }
  }
  expect(at).toBe(native.length);
}

/** The mutations are worth comparing: they reach every anomaly there is on this link type. */
function expectVariety(path: string): void {
  const counts = dumpCapture(path, SMALL_TABLE).at(-1)?.split(' ').slice(1) ?? [];
  const missed = ANOMALY_NAMES.filter((_, code) => counts[code] === '0');
  expect(missed).toEqual(['link_type_unknown']);
}

/** A frame of some kind, as it would be right. */
function base(random: Random, linkType: number): Uint8Array {
  const packet = ip(random);
  if (linkType !== LinkType.ethernet) return packet;
  const type = packet[0] >>> 4 === 6 ? 0x86dd : 0x0800;
  const frame = ethernet(type, packet);
  switch (random.below(8)) {
    case 0:
      return ethernet(0x8100, vlan(random.below(4), type, packet));
    case 1:
      return ethernet(0x8847, build.mpls(16, true, random.below(2) === 0 ? packet : frame));
    case 2:
      return ethernet(0x8864, build.pppoe(1, packet, type === 0x86dd ? 0x57 : 0x21));
    case 3:
      return outer(udp(vxlan(7, frame), { dst: 4789 }), 17);
    case 4:
      return outer(udp(geneve(7, frame, '0102030405060708'), { dst: 6081 }), 17);
    case 5:
      return outer(greOf(random, packet, frame, type), 47);
    case 6:
      return outer(packet, type === 0x86dd ? 41 : 4);
    default:
      return frame;
  }
}

function outer(payload: Uint8Array, protocol: number): Uint8Array {
  return ethernet(0x0800, ipv4(payload, { src: '192.0.2.1', dst: '192.0.2.2', protocol }));
}

function greOf(random: Random, packet: Uint8Array, frame: Uint8Array, type: number): Uint8Array {
  switch (random.below(4)) {
    case 0:
      return gre(type, packet, { key: 5, checksum: true });
    case 1:
      return gre(0x6558, frame);
    case 2:
      return gre(0x88be, bytes('1001000100000000', frame), { sequence: 1 });
    default:
      return gre(0x22eb, bytes('200100010000000000000000', frame), { sequence: 1 });
  }
}

/** Packets that single changed bytes would hardly ever make. */
const RARE = [
  ipv4(tcp({ src: 0 })),
  ipv4(tcp(), { src: '192.0.2.9', dst: '192.0.2.9' }),
  ipv4(tcp(), { fragment: 0x1fff }),
  ipv6(bytes(6, 0, 'c20400000018', tcp({ version: 6 })), { next: 0, payloadSize: 0 }),
  ipv6(build.fragment6(44, 0, false, 1, build.fragment6(6, 0, false, 2, tcp())), { next: 44 }),
  ipv6(build.extension(0, build.extension(6, tcp())), { next: 60 }),
  repeat(9, ipv6, (payload) => build.extension(60, payload)),
  repeat(20, ipv4, (payload) => ipv4(payload, { protocol: 4 })),
];

function repeat(
  count: number,
  last: (payload: Uint8Array, fields: { next: number; protocol: number }) => Uint8Array,
  layer: (payload: Uint8Array) => Uint8Array,
): Uint8Array {
  let payload = ipv4(tcp());
  for (; count > 0; count--) payload = layer(payload);
  return last(payload, { next: 60, protocol: 4 });
}

/** An IP packet: whole, or a fragment of one of a few datagrams. */
function ip(random: Random): Uint8Array {
  if (random.below(16) === 0) return random.pick(RARE);
  const version = random.below(3) === 0 ? 6 : 4;
  const [protocol, payload] = transport(random, version);
  const extended = version === 6 && random.below(3) === 0;
  if (random.below(2) === 0) return fragment(random, version, protocol, payload);
  if (version === 4) return ipv4(payload, { protocol, options: random.pick(['', '01010100']) });
  if (!extended) return ipv6(payload, { next: protocol });
  return ipv6(build.extension(protocol, payload), { next: random.pick([0, 43, 60, 135]) });
}

function transport(random: Random, version: number): [number, Uint8Array] {
  const data = random.bytes(random.below(40));
  switch (random.below(5)) {
    case 0:
      return [17, udp(data, { version, dst: random.pick([53, 161, 4789, 6081]) })];
    case 1:
      return version === 4
        ? [1, icmp(random.pick([3, 8, 11]), 0, bytes('00000000', ipv4(tcp()), data))]
        : [58, icmp6(random.pick([1, 128]), 0, bytes('00000000', ipv6(tcp()), data))];
    case 2:
      return [132, bytes('afc800500000cafe00000000', '01000014', random.bytes(16))];
    default: {
      const options = random.pick(['020405b4', '', '020405b40402080a0000000100000000', '01030308']);
      return [6, tcp({ version, options, payload: data, flags: random.pick([2, 18, 0, 41, 16]) })];
    }
  }
}

function fragment(
  random: Random,
  version: number,
  protocol: number,
  payload: Uint8Array,
): Uint8Array {
  const from = random.below(5) * 8;
  const to = from + random.pick([8, 16, 24, 12]);
  const more = to < payload.length;
  const part = payload.slice(from, to);
  const id = random.below(12);
  if (version === 4)
    return ipv4(part, { protocol, id, fragment: (more ? 0x2000 : 0) | (from / 8) });
  return ipv6(build.fragment6(protocol, from, more, id, part), { next: 44 });
}

/** Changes a few bytes, cuts, or leaves the frame as it is. */
function mutate(random: Random, frame: Uint8Array): Uint8Array {
  const kind = random.below(4);
  if (kind === 0) return frame;
  const copy = kind === 1 ? frame.slice(0, 1 + random.below(frame.length)) : frame.slice();
  for (let count = random.below(4); count > 0; count--) {
    copy[random.below(copy.length)] = random.below(256);
  }
  return copy;
}
