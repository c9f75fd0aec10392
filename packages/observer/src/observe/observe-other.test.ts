import { describe, expect, it } from 'vitest';
import { Outcome, ProbeKind } from '../../../plugin-api/src/batch-layout.js';
import { type Packet, Transport } from '../decode/packet.js';
import { ipPacket, SCANNER, SERVER, Scene } from './testkit/scene.js';

const [INIT, INIT_ACK, ABORT, COOKIE_ECHO] = [1, 2, 6, 10];

function sctp(scene: Scene, from: string, to: string, chunk: number, port = 0): void {
  const ports: Partial<Packet> =
    port === 0 ? { srcPort: 40_000, dstPort: 5060 } : { srcPort: port, dstPort: 40_000 };
  const transport = Transport.sctp;
  scene.send({ ...ipPacket(from, to, 132), transport, sctpChunk: chunk, ...ports });
}

describe('SCTP', () => {
  it.each([
    ['open', INIT_ACK, Outcome.open],
    ['closed', ABORT, Outcome.closed],
  ])('an INIT is a probe, and %s by its answer', (_, chunk, outcome) => {
    const scene = new Scene();
    sctp(scene, SCANNER, SERVER, INIT);
    sctp(scene, SERVER, SCANNER, chunk, 5060);
    expect(scene.contact(SCANNER)).toMatchObject({
      protocol: 132,
      port: 5060,
      kinds: ProbeKind.sctpInit,
      outcome,
    });
  });

  it('a COOKIE-ECHO is a probe outside an association only', () => {
    const scene = new Scene();
    sctp(scene, SCANNER, SERVER, COOKIE_ECHO);
    expect(scene.contact(SCANNER).kinds).toBe(ProbeKind.sctpCookieEcho);
    const inside = new Scene();
    sctp(inside, SCANNER, SERVER, INIT);
    sctp(inside, SERVER, SCANNER, INIT_ACK, 5060);
    sctp(inside, SCANNER, SERVER, COOKIE_ECHO);
    expect(inside.contact(SCANNER).kinds).toBe(ProbeKind.sctpInit);
  });

  it('an association of ours is nobody else’s probe', () => {
    const scene = new Scene();
    sctp(scene, SERVER, SCANNER, INIT, 5060);
    sctp(scene, SCANNER, SERVER, INIT_ACK);
    sctp(scene, SERVER, SCANNER, COOKIE_ECHO, 5060);
    expect(scene.contacts(SCANNER)).toEqual([]);
  });
});

describe('other protocols', () => {
  it('are probes of the protocol, open when it is spoken back', () => {
    const scene = new Scene();
    const transport = Transport.other;
    scene.send({ ...ipPacket(SCANNER, SERVER, 47), transport });
    scene.send({ ...ipPacket(SERVER, SCANNER, 47), transport });
    expect(scene.contact(SCANNER)).toMatchObject({
      protocol: 47,
      port: 0,
      kinds: ProbeKind.ipProtocol,
      outcome: Outcome.open,
    });
  });

  it('are none when the protocol has a decoder and its header was damaged', () => {
    const scene = new Scene();
    scene.send({ ...ipPacket(SCANNER, SERVER, 6), transport: Transport.other });
    expect(scene.contacts(SCANNER)).toEqual([]);
  });
});
