import { describe, expect, it } from 'vitest';
import {
  HELLO_OBSOLETE,
  HIT_AFTER_WAIT,
  HIT_SIZE,
  HitAt,
  HITS_PER_SOURCE_MAX,
  Outcome,
  SAMPLE_SIZE_MAX,
  SAMPLES_PER_SOURCE_MAX,
} from '../../../plugin-api/src/batch-layout.js';
import { clientHello } from '../../../plugin-api/src/testkit/client-hello.js';
import { type Packet, TcpFlags } from '../decode/packet.js';
import { helloShape } from './payloads.js';
import { nth, SCANNER, Scene, SERVER } from './testkit/scene.js';

const { ack, fin, psh, rst, syn } = TcpFlags;
const SECOND = 1_000_000;
const SERVER_SEQ = 5000;
const GET_REQUEST = 1;
const RTSP_REQUEST = 3;
const SSL_3_HELLO = 309;
const NSE = 300;

function payload(content: string | Uint8Array): Partial<Packet> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  const size = bytes.length;
  return { bytes: Uint8Array.from(bytes), payloadAt: 0, payloadSize: size, payloadWireSize: size };
}

/** A connection of the scanner to a port of the server, open to both sides. */
class Connection {
  constructor(
    private readonly scene: Scene,
    private readonly port = 80,
    private readonly clientPort = 40_000,
    private readonly client = SCANNER,
    private readonly server = SERVER,
  ) {
    const ends = { srcPort: clientPort, dstPort: port };
    scene.syn(client, server, port, { srcPort: clientPort });
    scene.answer(server, client, syn | ack, port, { dstPort: clientPort, tcpSeq: SERVER_SEQ });
    scene.tcp(client, server, ack, { ...ends, tcpAck: SERVER_SEQ + 1 });
  }

  say(content: string | Uint8Array): this {
    const ends = { srcPort: this.clientPort, dstPort: this.port, tcpAck: SERVER_SEQ + 1 };
    this.scene.tcp(this.client, this.server, psh | ack, { ...ends, ...payload(content) });
    return this;
  }

  hear(content: string): this {
    const fields = { dstPort: this.clientPort, ...payload(content) };
    this.scene.answer(this.server, this.client, psh | ack, this.port, fields);
    return this;
  }

  end(flags: number): this {
    const ends = { srcPort: this.clientPort, dstPort: this.port, tcpAck: SERVER_SEQ + 1 };
    this.scene.tcp(this.client, this.server, flags, ends);
    return this;
  }

  wait(us: number): this {
    this.scene.nowUs += us;
    return this;
  }
}

interface Hit {
  code: number;
  protocol: number;
  port: number;
  count: number;
  flags: number;
}

function hits(scene: Scene, address = SCANNER): Hit[] {
  const { hits: bytes } = scene.source(address);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / HIT_SIZE }, (_, index) => {
    const at = index * HIT_SIZE;
    return {
      code: view.getUint32(at + HitAt.code, true),
      protocol: view.getUint8(at + HitAt.protocol),
      flags: view.getUint8(at + HitAt.flags),
      port: view.getUint16(at + HitAt.port, true),
      count: view.getUint16(at + HitAt.times, true),
    };
  });
}

const codes = (scene: Scene) => hits(scene).map(({ code }) => code);

describe('observePayload', () => {
  it('gives a source full state for a known payload, and keeps its contact', () => {
    const scene = new Scene();
    new Connection(scene, 554).say('OPTIONS / RTSP/1.0\r\n\r\n');
    expect(hits(scene)).toEqual([
      { code: RTSP_REQUEST, protocol: 6, port: 554, count: 1, flags: 0 },
    ]);
    expect(scene.contact(SCANNER)).toMatchObject({ port: 554, packets: 1 });
    expect(scene.contact(SCANNER).outcome & Outcome.established).not.toBe(0);
  });

  it('gives none for a payload nobody knows', () => {
    const scene = new Scene();
    new Connection(scene).say('GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(scene.batch().sources).toEqual([]);
  });

  it('counts repeats by service', () => {
    const scene = new Scene();
    for (let i = 0; i < 3; i++) new Connection(scene, 80, 40_000 + i).say('GET / HTTP/1.0\r\n\r\n');
    new Connection(scene, 8080, 40_010).say('GET / HTTP/1.0\r\n\r\n');
    expect(hits(scene).map(({ port, count }) => [port, count])).toEqual([
      [80, 3],
      [8080, 1],
    ]);
  });

  it('sees what opens a request and what lies inside', () => {
    const scene = new Scene();
    new Connection(scene).say('GET /HNAP1 HTTP/1.1\r\nUser-Agent: Nmap Scripting Engine\r\n\r\n');
    expect(codes(scene)).toEqual([207, NSE]);
  });

  it('looks at four segments of a connection and no more', () => {
    const scene = new Scene();
    const connection = new Connection(scene);
    for (let i = 0; i < 3; i++) connection.say('x').hear('y');
    connection.say('GET / HTTP/1.0\r\n\r\n').say('OPTIONS / RTSP/1.0\r\n\r\n');
    expect(codes(scene)).toEqual([GET_REQUEST]);
  });

  it('says when the first words came after four seconds of silence', () => {
    const scene = new Scene();
    new Connection(scene, 80).wait(6 * SECOND).say('GET / HTTP/1.0\r\n\r\n');
    new Connection(scene, 81, 40_001).wait(3.4 * SECOND).say('GET / HTTP/1.0\r\n\r\n');
    expect(hits(scene).map(({ port, flags }) => [port, flags])).toEqual([
      [80, HIT_AFTER_WAIT],
      [81, 0],
    ]);
    const waited = scene.contacts(SCANNER).filter((c) => (c.outcome & Outcome.waited) !== 0);
    expect(waited.map(({ port }) => port)).toEqual([80]);
  });

  it('does not call a late answer to a banner the first words', () => {
    const scene = new Scene();
    new Connection(scene, 25)
      .hear('220 mail\r\n')
      .wait(6 * SECOND)
      .say('HELP\r\n');
    expect(hits(scene)).toMatchObject([{ code: 9, flags: 0 }]);
  });

  it.each([
    ['a FIN after a banner', fin | ack, true, 0, true],
    ['a reset after a banner', rst, true, 0, true],
    ['a FIN after silence', fin | ack, false, 7, true],
    ['a FIN at once', fin | ack, false, 0, false],
    ['a reset at once', rst, false, 0, false],
  ])('tells who only listened: %s', (_, flags, hasBanner, waitS, expected) => {
    const scene = new Scene();
    const connection = new Connection(scene, 22);
    if (hasBanner) connection.hear('SSH-2.0-x\r\n');
    connection.wait(waitS * SECOND).end(flags);
    expect((scene.contact(SCANNER).outcome & Outcome.waited) !== 0).toBe(expected);
  });

  it('does not take a client that spoke for one that listened', () => {
    const scene = new Scene();
    new Connection(scene)
      .say('GET /a HTTP/1.1\r\n\r\n')
      .hear('HTTP/1.1 200 OK\r\n\r\n')
      .end(fin | ack);
    expect(scene.contact(SCANNER).outcome & Outcome.waited).toBe(0);
  });

  it('takes a datagram of a source it knows, and makes no state for one maybe spoofed', () => {
    const rpc = Buffer.from('72fe1d130000000000000002000186a00001977c', 'hex');
    const scene = new Scene();
    scene.udp(SCANNER, SERVER, { dstPort: 111, ...payload(rpc) });
    expect(scene.batch().sources).toEqual([]);
    scene.udp(SCANNER, SERVER, { dstPort: 2049, ...payload(rpc) });
    expect(hits(scene)).toEqual([{ code: 101, protocol: 17, port: 2049, count: 1, flags: 0 }]);
  });

  it('hears a source whose answers it does not see, once that has full state', () => {
    const scene = new Scene();
    const data = { ...payload('OPTIONS / RTSP/1.0\r\n\r\n'), tcpAck: 77 };
    scene.tcp(SCANNER, SERVER, psh | ack, { dstPort: 554, ...data });
    expect(scene.batch().sources).toEqual([]);
    scene.tcp(SCANNER, SERVER, psh | ack, { dstPort: 8554, srcPort: 40_001, ...data });
    expect(hits(scene)).toMatchObject([{ code: RTSP_REQUEST, port: 8554 }]);
  });
});

describe('hello shapes', () => {
  const shapeOf = (bytes: Uint8Array) => helloShape(bytes, 0, bytes.length);

  it('depends on version and cipher suites, and on nothing a client varies', () => {
    const plain = shapeOf(clientHello({ ciphers: [0x1301, 0xc02f] }));
    expect(plain >>> 31).toBe(1);
    const again = clientHello({ ciphers: [0x2a2a, 0x1301, 0xc02f], sessionIdSize: 32 });
    expect(shapeOf(again)).toBe(plain);
    expect(shapeOf(clientHello({ ciphers: [0xc02f, 0x1301] }))).not.toBe(plain);
    expect(shapeOf(clientHello({ ciphers: [0x1301, 0xc02f], version: 0x0302 }))).not.toBe(plain);
  });

  it('marks what offers less than TLS 1.2', () => {
    expect(shapeOf(clientHello({ version: 0x0302 })) & HELLO_OBSOLETE).not.toBe(0);
    expect(shapeOf(clientHello({ version: 0x0303 })) & HELLO_OBSOLETE).toBe(0);
  });

  it('is 0 for every cut before the last cipher suite', () => {
    const bytes = clientHello({ ciphers: [0x1301, 0xc02f], sessionIdSize: 4, extensions: null });
    const needed = bytes.length - 2;
    for (let size = 0; size < needed; size++) expect(helloShape(bytes, 0, size)).toBe(0);
    expect(helloShape(bytes, 0, needed)).not.toBe(0);
  });

  it('are kept for a source that says something known, up to half of its list', () => {
    const scene = new Scene();
    for (let i = 0; i < 40; i++) {
      const hello = clientHello({ version: 0x0300, recordVersion: 0x0300, ciphers: [i + 1] });
      new Connection(scene, 443, 41_000 + i).say(hello);
    }
    const all = hits(scene);
    expect(all.filter(({ code }) => code >= 2 ** 31)).toHaveLength(HITS_PER_SOURCE_MAX / 2);
    expect(all.find(({ code }) => code === SSL_3_HELLO)?.count).toBe(40);
    expect(scene.observer.sources.payloads.hitsRefused).toBe(8);
  });
});

describe('samples', () => {
  const request = (agent: string) => `GET /a HTTP/1.1\r\nUser-Agent: ${agent}\r\n\r\n`;
  const samplesOf = (scene: Scene, address = SCANNER) => scene.source(address).samples;

  it('are not taken from somebody’s client', () => {
    const scene = new Scene();
    new Connection(scene, 80, 40_000).say(request('a'));
    new Connection(scene, 443, 40_001).say(clientHello());
    expect(samplesOf(scene)).toEqual([]);
  });

  it('are taken from a source that reaches several targets, one for each user agent', () => {
    const scene = new Scene();
    const others = [SERVER, nth(SERVER, 1)];
    others.forEach((server, i) => {
      new Connection(scene, 80, 40_000 + i, SCANNER, server).say(request('a'));
    });
    new Connection(scene, 80, 40_010).say(request('a'));
    new Connection(scene, 80, 40_011).say(request('b'));
    const texts = samplesOf(scene).map(({ bytes }) => Buffer.from(bytes).toString());
    expect(texts).toEqual([request('a'), request('b')]);
  });

  it('are bounded in size and number, and what is left out is counted', () => {
    const scene = new Scene();
    new Connection(scene, 554).say('OPTIONS / RTSP/1.0\r\n\r\n');
    for (let i = 0; i < 12; i++) {
      new Connection(scene, 80, 42_000 + i).say(request(`agent ${i} ${'.'.repeat(2000)}`));
    }
    expect(samplesOf(scene)).toHaveLength(SAMPLES_PER_SOURCE_MAX);
    const sizes = samplesOf(scene).map(({ bytes }) => bytes.length);
    expect(Math.max(...sizes)).toBe(SAMPLE_SIZE_MAX);
    // The first probe is an OPTIONS request too.
    expect(scene.observer.sources.payloads.samplesRefused).toBe(5);
  });

  it('are forgotten with the epoch', () => {
    const scene = new Scene();
    new Connection(scene, 554).say('OPTIONS / RTSP/1.0\r\n\r\n');
    scene.observer.clear();
    new Connection(scene, 554, 40_001).say('OPTIONS / RTSP/1.0\r\n\r\n');
    expect(samplesOf(scene)).toHaveLength(1);
    expect(hits(scene)).toMatchObject([{ code: RTSP_REQUEST, count: 1 }]);
  });
});
