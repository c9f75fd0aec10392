import { describe, expect, it } from 'vitest';
import {
  CONTACT_SIZE,
  FIND_SIZE,
  FindAt,
  FINDS_PER_SOURCE_MAX,
  HLL_REGISTERS,
  Outcome,
  PORT_PAGE_SIZE,
  ProbeKind,
} from '../../../plugin-api/src/batch-layout.js';
import { PortSet, type PortsOfPage } from '../../../plugin-api/src/port-set.js';
import { Sketch } from '../../../plugin-api/src/sketch.js';
import { TcpFlags } from '../decode/packet.js';
import { PORTS_EXACT_MAX } from './sources.js';
import { nth, SCANNER, SERVER, Scene } from './testkit/scene.js';

const FIRST = '198.51.100.0';
const SYN_ACK = TcpFlags.syn | TcpFlags.ack;
const estimate = (registers: Uint8Array | null): number => {
  const sketch = new Sketch();
  sketch.merge(registers ?? new Uint8Array(HLL_REGISTERS));
  return sketch.estimate();
};
const countOf = (ports: readonly PortsOfPage[] | null): number => {
  const set = new PortSet();
  set.merge(ports ?? []);
  return set.size;
};
/** Four standard errors of a sketch. */
const isNear = (value: number, truth: number): boolean => Math.abs(value / truth - 1) < 0.033;

/** A home network larger than the exact sets. */
function sweep(scene: Scene, targets: number, port = 80): void {
  for (let index = 0; index < targets; index++) {
    scene.syn(SCANNER, `2001:db8:100::${(index + 1).toString(16)}`, port, {
      src0: 0x20010db8,
      src1: 0x07770000,
      src2: 0,
      src3: 5,
      ipVersion: 6,
    });
  }
}
const SIX = '20010db8077700000000000000000005';

describe('light and full sources', () => {
  it('keeps a source that touched one thing in the light tier, however often', () => {
    const scene = new Scene();
    for (let i = 0; i < 3; i++) scene.syn(SCANNER, SERVER, 80);
    expect(scene.batch().sources).toEqual([]);
    expect(scene.contact(SCANNER)).toMatchObject({
      target: SERVER,
      protocol: 6,
      port: 80,
      kinds: ProbeKind.syn,
      packets: 3,
    });
  });

  it('loses nothing when a second touch moves a source to full state', () => {
    const scene = new Scene();
    for (let i = 0; i < 3; i++) scene.syn(SCANNER, SERVER, 80, { ttl: 40 + i });
    scene.answer(SERVER, SCANNER, SYN_ACK, 80);
    scene.syn(SCANNER, SERVER, 81, { ttl: 45 });
    const contacts = scene.contacts(SCANNER);
    expect(contacts.map(({ port, packets }) => [port, packets])).toEqual([
      [80, 3],
      [81, 1],
    ]);
    expect(contacts[0]).toMatchObject({ ttl: 40, outcome: Outcome.open });
    expect(scene.sourceCount(SCANNER, 'syn')).toBe(4);
    expect(scene.sourceCount(SCANNER, 'answerOpen')).toBe(1);
    const { firstUs, lastUs, signatures, ttlMin, ttlMax } = scene.source(SCANNER);
    expect({ firstUs, lastUs, ttlMin, ttlMax }).toEqual({
      firstUs: 0,
      lastUs: 4000,
      ttlMin: 40,
      ttlMax: 45,
    });
    expect(signatures.map(({ count }) => count)).toEqual([4]);
    expect(scene.batch().singles.length).toBe(0);
  });

  it('gives a source full state when the same port gets another kind of probe', () => {
    const scene = new Scene();
    scene.syn(SCANNER, SERVER, 80);
    scene.tcp(SCANNER, SERVER, TcpFlags.fin);
    expect(scene.source(SCANNER).targets.length).toBe(4);
    expect(scene.contact(SCANNER)).toMatchObject({
      kinds: ProbeKind.syn | ProbeKind.fin,
      packets: 2,
    });
  });

  it('counts what found no room in either tier, and lets in who keeps knocking', () => {
    const scene = new Scene({ lightSourcesMax: 64 });
    for (let i = 0; i < 64; i++) scene.syn(nth('203.0.113.100', i), nth(FIRST, i), 80);
    for (let port = 1; port <= 3; port++) scene.syn(SCANNER, SERVER, port);
    expect(scene.observer.sources.refused).toBe(3);
    expect(scene.contacts(SCANNER)).toEqual([]);
    for (let port = 4; port <= 6; port++) scene.syn(SCANNER, SERVER, port);
    expect(scene.observer.sources.refused).toBe(3);
    expect(scene.contacts(SCANNER).map(({ port }) => port)).toEqual([4, 5, 6]);
  });

  it('still counts what a source does when the full tier is full', () => {
    const scene = new Scene({ sourcesMax: 2 });
    for (let i = 0; i < 3; i++) {
      for (const port of [80, 81]) scene.syn(nth(SCANNER, i), SERVER, port);
    }
    expect(scene.batch().sources.length).toBe(2);
    expect(scene.observer.sources.refused).toBe(1);
    expect(scene.contact(nth(SCANNER, 2))).toMatchObject({ port: 80 });
  });

  it('forgets the epoch', () => {
    const scene = new Scene();
    for (const port of [80, 81]) scene.syn(SCANNER, SERVER, port);
    scene.observer.clear();
    scene.syn(SCANNER, SERVER, 80);
    expect(scene.batch().sources).toEqual([]);
    expect(scene.contact(SCANNER).packets).toBe(1);
  });
});

describe('exact sets', () => {
  it('is exact at 256 targets and says it is not at 257', () => {
    const scene = new Scene();
    sweep(scene, 256);
    const exact = scene.source(SIX);
    expect(exact.targets.length / 16).toBe(256);
    expect(exact.targetSketch).toBeNull();
    expect(exact.pairSketch).toBeNull();
    sweep(scene, 257);
    const over = scene.source(SIX);
    expect(over.targets.length / 16).toBe(256);
    expect(isNear(estimate(over.targetSketch), 257)).toBe(true);
    expect(isNear(estimate(over.pairSketch), 257)).toBe(true);
    expect(countOf(over.ports)).toBe(1);
  });

  it('is exact at 256 ports of a target and says it is not at 257', () => {
    const scene = new Scene();
    for (let port = 1; port <= 256; port++) scene.syn(SCANNER, SERVER, port);
    expect(scene.source(SCANNER).deep).toEqual([]);
    expect(scene.contacts(SCANNER).length).toBe(256);
    scene.syn(SCANNER, SERVER, 257);
    const source = scene.source(SCANNER);
    expect(scene.contacts(SCANNER).length).toBe(256);
    expect(source.targetSketch).toBeNull();
    expect(source.deep.map(({ targetIndex }) => targetIndex)).toEqual([0]);
    expect(countOf(source.deep[0].ports)).toBe(257);
    expect(countOf(source.ports)).toBe(257);
  });

  it('goes on counting pairs in the sketch while other targets are still listed', () => {
    const scene = new Scene();
    for (let port = 1; port <= 300; port++) scene.syn(SCANNER, SERVER, port);
    for (let host = 20; host < 220; host++) scene.syn(SCANNER, nth(FIRST, host), 60_000);
    const source = scene.source(SCANNER);
    expect(source.targets.length / 4).toBe(201);
    expect(source.targetSketch).toBeNull();
    expect(isNear(estimate(source.pairSketch), 500)).toBe(true);
    expect(countOf(source.ports)).toBe(301);
  });

  it('lists at most 1024 contacts, and the sketches hold the rest', () => {
    const scene = new Scene();
    for (let host = 0; host < 60; host++) {
      for (let port = 1; port <= 20; port++) scene.syn(SCANNER, nth(FIRST, host), port);
    }
    const source = scene.source(SCANNER);
    expect(scene.contacts(SCANNER).length).toBe(1024);
    expect(source.targets.length / 4).toBe(60);
    expect(isNear(estimate(source.pairSketch), 1200)).toBe(true);
    expect(countOf(source.ports)).toBe(20);
    expect(scene.sourceCount(SCANNER, 'syn')).toBe(1200);
  });

  it('keeps what answers beyond the list, and counts what it cannot keep', () => {
    const scene = new Scene();
    const count = PORTS_EXACT_MAX + FINDS_PER_SOURCE_MAX + 2;
    for (let port = 1; port <= count; port++) {
      scene.syn(SCANNER, SERVER, port);
      scene.answer(SERVER, SCANNER, SYN_ACK, port);
    }
    const { contacts, finds, findsMissed } = scene.source(SCANNER);
    expect(contacts.length).toBe(PORTS_EXACT_MAX * CONTACT_SIZE);
    expect(finds.length).toBe(FINDS_PER_SOURCE_MAX * FIND_SIZE);
    const view = new DataView(finds.buffer, finds.byteOffset);
    expect(view.getUint16(FindAt.port, true)).toBe(PORTS_EXACT_MAX + 1);
    expect(view.getUint8(FindAt.protocol)).toBe(6);
    expect(view.getUint32(FindAt.target + 12)).toBe(0xc633640a);
    expect(findsMissed).toBe(2);
  });

  it('notes once what answers twice in a row', () => {
    const scene = new Scene();
    for (let port = 1; port <= PORTS_EXACT_MAX + 1; port++) scene.syn(SCANNER, SERVER, port);
    for (let times = 0; times < 2; times++)
      scene.answer(SERVER, SCANNER, SYN_ACK, PORTS_EXACT_MAX + 1);
    expect(scene.source(SCANNER).finds.length).toBe(FIND_SIZE);
  });

  it('says that a set is not complete when no sketch was left', () => {
    const scene = new Scene({ sketchesMax: 0, portPagesMax: 0 });
    for (let port = 1; port <= 257; port++) scene.syn(SCANNER, SERVER, port);
    const source = scene.source(SCANNER);
    expect(source.pairSketch?.length).toBe(0);
    expect(source.ports).toEqual([]);
    expect(source.deep[0].ports).toEqual([]);
    expect(scene.observer.largeSetsRefused).toBe(3);
  });

  it('says so too when only a part of the ports found room', () => {
    const scene = new Scene({ portPagesMax: 2 });
    for (let port = 1; port <= 257; port++) scene.syn(SCANNER, SERVER, port);
    expect(countOf(scene.source(SCANNER).deep[0].ports)).toBe(257);
    for (let port = 1; port <= 257; port++) scene.syn(SCANNER, SERVER, port);
    scene.udp(SCANNER, SERVER, { srcPort: 40_000, dstPort: 53 });
    const source = scene.source(SCANNER);
    expect(source.ports).toEqual([]);
    expect(source.deep[0].ports).toEqual([]);
    expect(scene.observer.largeSetsRefused).toBe(2);
  });

  it('writes few ports one by one and many as a bitmap', () => {
    const scene = new Scene();
    for (let port = 4095; port > 0; port--) scene.syn(SCANNER, SERVER, port);
    const [few] = scene.source(SCANNER).ports ?? [];
    expect(few.bytes.length).toBe(2 * 4095);
    expect([...few.bytes.subarray(0, 4)]).toEqual([1, 0, 2, 0]);
    for (let port = 4096; port > 0; port--) scene.syn(SCANNER, SERVER, port);
    const [many] = scene.source(SCANNER).ports ?? [];
    expect(many.bytes.length).toBe(PORT_PAGE_SIZE);
    expect([...many.bytes.subarray(0, 2)]).toEqual([0xfe, 0xff]);
    expect(many.bytes[512]).toBe(1);
  });
});

describe('early counts', () => {
  it.each([
    ['100 targets', (scene: Scene, i: number) => scene.syn(SCANNER, nth(FIRST, i), 80), 100],
    ['100 ports', (scene: Scene, i: number) => scene.syn(SCANNER, SERVER, i + 1), 100],
    [
      '250 pairs',
      (scene: Scene, i: number) => scene.syn(SCANNER, nth(FIRST, i % 50), 1 + Math.floor(i / 50)),
      250,
    ],
  ])('are crossed by the packet that makes %s, once', (_, probe, count) => {
    const scene = new Scene();
    for (let i = 0; i < count - 1; i++) probe(scene, i);
    expect(scene.crossed).toEqual([]);
    probe(scene, count - 1);
    expect(scene.crossed).toEqual([0]);
    probe(scene, count - 1);
    probe(scene, count);
    expect(scene.crossed).toEqual([0]);
  });
});

describe('the stack of a source', () => {
  it('counts the raw probes that share a run key', () => {
    const scene = new Scene();
    const key = 0x5a5aa5a5;
    for (let attempt = 0; attempt < 3; attempt++) {
      scene.syn(SCANNER, SERVER, 80 + attempt, { tcpSeq: key ^ ((attempt << 16) | attempt) });
    }
    scene.syn(SCANNER, SERVER, 90, { tcpSeq: 12_345 });
    expect(scene.source(SCANNER).runKey).toBe(key);
    expect(scene.sourceCount(SCANNER, 'runKey')).toBe(3);
  });

  it('keeps four signatures with their counts', () => {
    const scene = new Scene();
    for (let window = 1; window <= 6; window++) {
      for (let i = 0; i < window; i++) scene.syn(SCANNER, SERVER, window, { tcpWindow: window });
    }
    expect(scene.source(SCANNER).signatures.map(({ count }) => count)).toEqual([1, 2, 3, 4]);
  });

  it('keeps the range of source ports', () => {
    const scene = new Scene();
    for (const srcPort of [500, 61_000, 700]) scene.syn(SCANNER, SERVER, srcPort, { srcPort });
    expect(scene.source(SCANNER)).toMatchObject({ sourcePortMin: 500, sourcePortMax: 61_000 });
  });
});
