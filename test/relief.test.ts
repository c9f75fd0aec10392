/**
 * Relief leaves in the kernel what it says and nothing else, and no finding changes. The filter is
 * the one of live capture, compiled by libpcap and applied to files; `test/relief/check-corpus.ts`
 * does it to every capture kept outside.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { LinkType } from '../packages/observer/src/base/link-types.js';
import { CaptureParser } from '../packages/observer/src/capture/parser.js';
import { pcap } from '../packages/observer/src/capture/testkit/build-capture.js';
import { Decoder } from '../packages/observer/src/decode/decoder.js';
import { Transport } from '../packages/observer/src/decode/packet.js';
import * as build from '../packages/observer/src/decode/testkit/build-frame.js';
import { MIXED_DEFAULTS, writeMixed } from './generate/mixed.js';
import { PcapWriter, writePcap } from './generate/pcap-writer.js';
import { Random } from './generate/random.js';
import { uploadFrames } from './generate/uploads.js';
import { builtObservers, runPicket } from './support/picket.js';
import {
  buildFilter,
  canonicalJudgement,
  relievedWords,
  reliefUnavailable,
  relieve,
} from './support/relief.js';
import { scratchFolder } from './support/scratch.js';

const { bytes, ethernet, ipv4, ipv6, tcp, vlan } = build;
/** `TARGET` is protected, `SOURCE` is not; over IPv6, too, by other networks (2001:db8::9). */
const HOME = ['198.51.100.0/24', '2001:db8::8/125'];
/** The same, protected the other way round: `SOURCE6` sends what `build-frame` builds. */
const HOME_SOURCE = ['203.0.113.0/24', '2001:db8::/125'];
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;
const URG = 0x20;
const IP = 0x0800;
const IP6 = 0x86dd;
const DF = { fragment: 0x4000 };
const TIMESTAMPS = '0101080a0000000100000002';
const RANDOM_FRAMES = 6000;

const reason = reliefUnavailable();
const folder = scratchFolder();
let program = '';

const data = (size: number): Uint8Array => new Uint8Array(size).fill(0x9c);
const text = (words: string, size: number): Uint8Array =>
  bytes(new TextEncoder().encode(words), data(size));
const full = (fields: build.TcpFields = {}): Uint8Array =>
  tcp({ flags: ACK, options: TIMESTAMPS, payload: data(1448), ...fields });
const bare = (fields: build.TcpFields = {}): Uint8Array =>
  tcp({ flags: ACK, options: TIMESTAMPS, ...fields });
const over4 = (segment: Uint8Array, fields: build.Ipv4Fields = {}): Uint8Array =>
  ethernet(IP, ipv4(segment, { ...DF, ...fields }));
const over6 = (segment: Uint8Array, fields: build.Ipv6Fields = {}): Uint8Array =>
  ethernet(IP6, ipv6(segment, fields));

/** Frames from outside to the protected network. The other way round: `HOME_SOURCE`. */
const LEFT: Record<string, Uint8Array> = {
  'a full segment': over4(full()),
  'a full segment of the smallest path': over4(full({ payload: data(512) })),
  'a full segment without options': over4(full({ options: '' })),
  'a full segment with ECN flags': over4(full({ flags: ACK | 0xc0 })),
  'a full segment over IPv6': over6(full({ version: 6 })),
  'a full segment in a VLAN, whose tag the kernel takes off': ethernet(
    0x8100,
    vlan(7, IP, ipv4(full(), DF)),
  ),
};

const KEPT: Record<string, Uint8Array> = {
  'a bare acknowledgement, which may end a handshake': over4(bare()),
  'an ACK probe': over4(tcp({ flags: ACK, options: '' })),
  'an acknowledgement over IPv6': over6(bare({ version: 6 })),
  'what is pushed': over4(full({ flags: ACK | PSH })),
  'a shorter segment': over4(full({ payload: data(511) })),
  'a request': over4(full({ payload: text('GET /', 1443) })),
  'an answer': over4(full({ payload: text('HTTP/1.1 200', 1436) })),
  'a TLS hello': over4(full({ payload: bytes('160301', data(1445)) })),
  'a TLS hello over IPv6': over6(full({ payload: bytes('1603', data(1445)), version: 6 })),
  'an IP header with options': over4(full(), { options: '01010100' }),
  'a packet that may be fragmented': over4(full(), { fragment: 0 }),
  'a first fragment': over4(full(), { fragment: 0x2000 }),
  'a later fragment': over4(full(), { fragment: 0x0010 }),
  'a segment whose size cannot be': over4(full(), { total: 40 }),
  'a header that is too short': over4(full({ headerWords: 4 })),
  'an IPv6 packet with an extension header': over6(build.extension(6, full({ version: 6 })), {
    next: 60,
  }),
  'an IPv6 fragment': over6(build.fragment6(6, 0, true, 9, full({ version: 6 })), { next: 44 }),
  'UDP of any size': ethernet(IP, ipv4(build.udp(data(1400)), { protocol: 17, ...DF })),
  ICMP: ethernet(IP, ipv4(build.icmp(8, 0, data(1000)), { protocol: 1, ...DF })),
  SCTP: ethernet(IP, ipv4(data(1000), { protocol: 132, ...DF })),
  'a tag inside a tag': ethernet(0x88a8, vlan(7, 0x8100, vlan(8, IP, ipv4(full(), DF)))),
  MPLS: ethernet(0x8847, build.mpls(16, true, ipv4(full(), DF))),
  PPPoE: ethernet(0x8864, build.pppoe(1, ipv4(full(), DF))),
  GRE: ethernet(IP, ipv4(build.gre(IP, ipv4(full(), DF)), { protocol: 47, ...DF })),
  'IP in IP': ethernet(IP, ipv4(ipv4(full(), DF), { protocol: 4, ...DF })),
  '6in4': ethernet(IP, ipv4(ipv6(full({ version: 6 })), { protocol: 41, ...DF })),
  VXLAN: ethernet(
    IP,
    ipv4(build.udp(build.vxlan(7, over4(full())), { dst: 4789 }), { protocol: 17, ...DF }),
  ),
  ARP: ethernet(0x0806, data(46)),
};
for (const flags of [0, FIN, SYN, RST, PSH, URG, FIN | PSH | URG]) {
  KEPT[`flags ${flags}`] = over4(full({ flags }));
  if (flags !== 0 && flags !== PSH) {
    KEPT[`flags ${flags} with ACK`] = over4(full({ flags: flags | ACK }));
    KEPT[`flags ${flags} with ACK over IPv6`] = over6(full({ flags: flags | ACK, version: 6 }));
  }
}

/** Frames cut at every byte up to their payload, as if they had been sent so. */
function truncations(): Record<string, Uint8Array> {
  const whole = { 4: over4(full()), 6: over6(full({ version: 6 })), ack: over4(bare()) };
  return Object.fromEntries(
    Object.entries(whole).flatMap(([name, frame]) =>
      Array.from({ length: Math.min(100, frame.length) }, (_, size) => [
        `${name}: ${size} bytes`,
        frame.slice(0, size),
      ]),
    ),
  );
}

/** The names of the frames that a sensor of `home` does not see. */
function leftOf(frames: Record<string, Uint8Array>, home: string[], filter = ''): string[] {
  const path = join(folder, 'frames.pcap');
  const kept = join(folder, 'frames-kept.pcapng');
  // The time tells which frame it is.
  writeFileSync(path, pcap(Object.values(frames).map((bytes, seconds) => ({ bytes, seconds }))));
  relieve(program, path, kept, home, filter);
  const seen = new Set<number>();
  const parser = new CaptureParser((_bytes, _from, _captured, _wire, timeUs) =>
    seen.add(Math.floor(timeUs / 1e6)),
  );
  parser.push(readFileSync(kept));
  parser.end();
  return Object.keys(frames).filter((_, index) => !seen.has(index));
}

describe.skipIf(reason)(`relief${reason ? ` (skipped: ${reason})` : ''}`, () => {
  beforeAll(() => {
    program = buildFilter();
  }, 600_000);

  it('leaves full segments in the kernel, whoever sends them', () => {
    for (const home of [HOME, HOME_SOURCE, []]) {
      expect(leftOf(LEFT, home)).toEqual(Object.keys(LEFT));
    }
  });

  it('keeps all that a scan is made of, and whatever it does not recognise', () => {
    expect(leftOf(KEPT, HOME)).toEqual([]);
    expect(leftOf(truncations(), HOME)).toEqual([]);
    expect(leftOf(truncations(), HOME_SOURCE)).toEqual([]);
  });

  it('leaves acknowledgements that protected hosts send outside, and no others', () => {
    const frames = {
      four: over4(bare()),
      'without options': over4(bare({ options: '' })),
      'of what was lost': over4(bare({ options: `${TIMESTAMPS}0101050a0000000100000002` })),
      six: over6(bare({ version: 6 })),
    };
    expect(leftOf(frames, HOME)).toEqual([]);
    expect(leftOf(frames, HOME_SOURCE)).toEqual(Object.keys(frames));
    expect(leftOf(frames, [...HOME, ...HOME_SOURCE]), 'inside the network').toEqual([]);
    const many = Array.from({ length: 65 }, (_, index) => `203.0.113.${index}/32`);
    expect(leftOf(frames, many), 'more networks than fit').toEqual([]);
    expect(leftOf(frames, many.slice(0, 64))).toEqual([
      'four',
      'without options',
      'of what was lost',
    ]);
  });

  it("keeps the user's own filter, whatever words are in it", () => {
    const frames = { full: over4(full()), syn: over4(tcp()), arp: KEPT.ARP as Uint8Array };
    expect(leftOf(frames, HOME, 'arp or tcp')).toEqual(['full']);
    expect(leftOf(frames, HOME, 'tcp')).toEqual(['full', 'arp']);
    expect(leftOf(frames, HOME, 'arp or vlan')).toEqual(['full', 'syn']);
    expect(leftOf(frames, HOME, 'arp or mpls')).toEqual(['full', 'syn']);
  });

  it('leaves nothing that the decoder would call anything else', () => {
    const random = new Random(7);
    const frames: Record<string, Uint8Array> = {};
    const bases = [...Object.values(LEFT), ...Object.values(KEPT), over4(bare()), over4(bare())];
    for (let index = 0; index < RANDOM_FRAMES; index++) {
      const frame = random.pick(bases).slice();
      // Ethernet's addresses tell nothing, and what lies behind the headers hardly more.
      const heads = Math.min(frame.length, 90) - 12;
      for (let count = random.below(3); count > 0; count--) {
        frame[12 + random.below(heads)] = random.below(256);
      }
      frames[`${index}`] = random.below(8) === 0 ? frame.slice(0, random.below(700)) : frame;
    }
    const left = leftOf(frames, HOME_SOURCE);
    expect(left.length).toBeGreaterThan(RANDOM_FRAMES / 20);
    expect(left.length).toBeLessThan(RANDOM_FRAMES / 2);
    for (const name of left) expectBulk(frames[name] as Uint8Array);
  });

  it.each(builtObservers)('changes no finding of the bundled capture: %s observer', (observer) => {
    const path = join(folder, 'pipeline.pcap');
    writeFileSync(path, gunzipSync(readFileSync('test/captures/pipeline.pcap.gz')));
    const home = ['198.51.100.0/24', '198.18.4.0/22', '2001:db8:100::/64', 'fd01::/64'];
    expectUnchanged(path, home, observer, 0.95);
  });

  it.each(builtObservers)('changes no finding on a busy link: %s observer', (observer) => {
    const path = join(folder, 'mixed.pcap');
    const writer = new PcapWriter(path);
    writeMixed(writer, { ...MIXED_DEFAULTS, packetCount: 60_000, ratePerSecond: 6000 });
    writer.close();
    expectUnchanged(path, [MIXED_DEFAULTS.home], observer, 0.45);
  });

  it.each(builtObservers)(
    'takes acknowledgements of transfers under way for no probes: %s observer',
    (observer) => {
      const path = join(folder, 'uploads.pcap');
      const kept = `${path}.pcapng`;
      writePcap(path, uploadFrames(20, 200));
      relieve(program, path, kept, [MIXED_DEFAULTS.home]);
      const words = ['--home', MIXED_DEFAULTS.home, '--json', '--observer', observer];
      const said = (file: string, ...more: string[]): string =>
        canonicalJudgement(runPicket(['read', file, ...words, ...more]).events);
      expect(said(path)).toBe('');
      expect(said(kept, ...relievedWords(folder))).toBe('');
      // What waiting is good for.
      expect(said(kept)).toContain('"kind":"stealth_scan"');
    },
  );
});

/** Bulk as the decoder sees it: a full segment or an acknowledgement, of a connection. */
function expectBulk(frame: Uint8Array): void {
  const decoder = new Decoder(16);
  decoder.decode(frame, 0, frame.length, frame.length, 1, LinkType.ethernet);
  const { packet } = decoder;
  const isTagged = frame[12] === 0x81 || frame[12] === 0x88;
  const hex = Buffer.from(frame.subarray(0, 100)).toString('hex');
  expect(packet.layerCount, hex).toBe(isTagged ? 1 : 0);
  expect(packet.transport, hex).toBe(Transport.tcp);
  expect(packet.fragment, hex).toBe(0);
  expect(packet.ipOptionsSize, hex).toBe(0);
  expect(packet.tcpFlags & 0x3f, hex).toBe(ACK);
  if (packet.payloadWireSize > 0) expect(packet.payloadWireSize, hex).toBeGreaterThanOrEqual(512);
}

/** Every finding and incident is the same to the last byte; `stats` and `coverage` may differ. */
function expectUnchanged(path: string, home: string[], observer: string, keptMax: number): void {
  const kept = `${path}.pcapng`;
  const { frames, keptFrames } = relieve(program, path, kept, home);
  expect(keptFrames / frames).toBeLessThan(keptMax);
  const words = ['--home', home.join(','), '--json', '--observer', observer];
  const all = runPicket(['read', path, ...words]);
  const relieved = runPicket(['read', kept, ...words, ...relievedWords(folder)]);
  expect(canonicalJudgement(all.events)).not.toBe('');
  expect(canonicalJudgement(relieved.events)).toBe(canonicalJudgement(all.events));
}
