import { describe, expect, it } from 'vitest';
import { Fragment, TcpFlags } from '../decode/packet.js';
import { nth, EPOCH_START_US, SCANNER, SERVER, Scene, tcpPacket } from './testkit/scene.js';

describe('the observer', () => {
  it('tells inbound, outbound, internal and foreign packets', () => {
    const scene = new Scene();
    scene.syn(SCANNER, SERVER, 80);
    scene.speak();
    scene.syn('198.51.100.77', SERVER, 80);
    scene.syn(SCANNER, '192.0.2.1', 80);
    const { inbound, outbound, internal, outside } = scene.observer.counts;
    expect({ inbound, outbound, internal, outside }).toEqual({
      inbound: 1,
      outbound: 1,
      internal: 1,
      outside: 1,
    });
  });

  it('keeps hosts of different VLANs apart', () => {
    const scene = new Scene();
    scene.syn(SCANNER, SERVER, 80, { tunnelKey: 1 });
    scene.syn(SCANNER, SERVER, 80, { tunnelKey: 2 });
    expect(scene.contacts(SCANNER).map(({ packets }) => packets)).toEqual([1, 1]);
  });

  it('counts a fragment without news as traffic, not as a probe', () => {
    const scene = new Scene();
    scene.syn(SCANNER, SERVER, 80, { fragment: Fragment.present | Fragment.continuation });
    expect(scene.observer.counts.inbound).toBe(1);
    expect(scene.observer.counts.probes).toBe(0);
  });

  it('counts frames cut by the snap length', () => {
    const scene = new Scene();
    scene.syn(SCANNER, SERVER, 80, { capturedSize: 54, wireSize: 60 });
    expect(scene.observer.counts.truncated).toBe(1);
  });

  it('gives a packet from before the epoch the epoch’s start', () => {
    const scene = new Scene();
    for (const port of [80, 81]) scene.syn(SCANNER, SERVER, port, { timeUs: EPOCH_START_US - 5 });
    expect(scene.source(SCANNER)).toMatchObject({ firstUs: 0, lastUs: 0 });
  });

  it('sees a host’s IP ID advance', () => {
    const scene = new Scene();
    for (const ipId of [10, 11, 13, 500, 501]) {
      scene.tcp(SERVER, SCANNER, TcpFlags.ack, { ipId, payloadWireSize: 1 });
    }
    scene.answer(SCANNER, SERVER, TcpFlags.syn | TcpFlags.ack, 80);
    expect(scene.hostCount(SERVER, 'packetsOut')).toBe(5);
    expect(scene.hostCount(SERVER, 'ipIdFirst')).toBe(10);
    expect(scene.hostCount(SERVER, 'ipIdLast')).toBe(501);
    expect(scene.hostCount(SERVER, 'ipIdSteps')).toBe(4);
  });

  it('stays within its tables whatever comes', () => {
    const small = { sourcesMax: 64, lightSourcesMax: 64, targetsMax: 64, contactsMax: 64 };
    const scene = new Scene({ ...small, hostsMax: 64, flowsMax: 64, signaturesMax: 64 });
    for (let i = 0; i < 3000; i++) {
      const tcpWindow = i;
      scene.syn(nth('45.0.0.0', i % 700), nth('198.51.100.0', i % 256), 1 + i, { tcpWindow });
      scene.answer(nth('198.51.100.0', i % 256), nth('45.0.0.0', i % 700), 0x12, 1 + i);
    }
    const { sources, targets, hosts, signatures, flows } = scene.observer;
    expect(sources.index.used).toBeLessThanOrEqual(64);
    expect(sources.contacts.used).toBeLessThanOrEqual(64);
    expect(signatures.used).toBe(64);
    for (const refused of [
      sources.refused,
      sources.targets.refused,
      targets.index.refused,
      hosts.index.refused,
      signatures.refused,
      flows.evicted,
    ]) {
      expect(refused).toBeGreaterThan(0);
    }
  });
});

describe('copies made by the span port', () => {
  const packet = { ...tcpPacket(SCANNER, SERVER, TcpFlags.syn), ipId: 5 };
  const copies = (change: object, laterUs: number): number => {
    const scene = new Scene();
    scene.send(packet);
    scene.nowUs += laterUs - 1000;
    scene.send({ ...packet, ...change });
    return scene.observer.counts.duplicates;
  };

  it.each([
    ['the same packet', {}, 10, 1],
    ['one hop further', { ttl: 49 }, 10, 1],
    ['at the end of the window', {}, 20_000, 1],
    ['seen first with the later time', {}, -20_000, 1],
    ['later than the window', {}, 20_001, 0],
    ['a retransmission with its own IP ID', { ipId: 6 }, 10, 0],
    ['another sequence number', { tcpSeq: 1001 }, 10, 0],
    ['another port', { dstPort: 81 }, 10, 0],
    ['another VLAN', { tunnelKey: 7 }, 10, 0],
    ['another size', { payloadWireSize: 1 }, 10, 0],
    ['another source', { src3: 5 }, 10, 0],
  ])('%s: %o, %i us later', (_, change, laterUs, expected) => {
    expect(copies(change, laterUs)).toBe(expected);
  });

  it('are told by their payload where there is no sequence number', () => {
    const scene = new Scene();
    for (const byte of [1, 1, 2]) {
      const bytes = new Uint8Array(20).fill(byte);
      scene.udp(SCANNER, SERVER, { ipId: 5, bytes, payloadSize: 20, payloadWireSize: 20 });
    }
    expect(scene.observer.counts.duplicates).toBe(1);
  });
});
