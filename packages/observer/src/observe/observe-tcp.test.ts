import { describe, expect, it } from 'vitest';
import { Outcome, ProbeKind } from '../../../plugin-api/src/batch-layout.js';
import { TcpFlags } from '../decode/packet.js';
import { SCANNER, SERVER, Scene } from './testkit/scene.js';

const { syn, ack, rst, fin, psh, urg } = TcpFlags;
const SYN_ACK = syn | ack;
const FIVE_MINUTES_US = 300_000_000;
/** The server's initial sequence number, and what acknowledges it. */
const SERVER_SEQ = 7000;
const ACKNOWLEDGES = { tcpAck: SERVER_SEQ + 1 };

function answered(scene = new Scene()): Scene {
  scene.syn(SCANNER, SERVER, 80);
  scene.answer(SERVER, SCANNER, SYN_ACK, 80, { tcpSeq: SERVER_SEQ });
  return scene;
}

describe('the outcome of a SYN', () => {
  it('is open after a SYN-ACK, counted once for its retransmissions', () => {
    const scene = answered();
    scene.answer(SERVER, SCANNER, SYN_ACK, 80, { tcpSeq: SERVER_SEQ });
    expect(scene.contact(SCANNER)).toMatchObject({ outcome: Outcome.open, packets: 1 });
    scene.syn(SCANNER, SERVER, 81);
    expect(scene.sourceCount(SCANNER, 'answerOpen')).toBe(1);
  });

  it('is closed after a reset', () => {
    const scene = new Scene();
    scene.syn(SCANNER, SERVER, 81);
    scene.answer(SERVER, SCANNER, rst | ack, 81, { tcpSeq: 0 });
    expect(scene.contact(SCANNER)).toMatchObject({ port: 81, outcome: Outcome.closed });
    expect(scene.targetCount(SERVER, 'resets')).toBe(1);
  });

  it('is inferred from the answer when the probe was not seen', () => {
    const scene = new Scene();
    scene.answer(SERVER, SCANNER, SYN_ACK, 80);
    scene.answer(SERVER, SCANNER, rst | ack, 81, { tcpSeq: 0 });
    expect(
      scene.contacts(SCANNER).map(({ kinds, outcome, packets }) => [kinds, outcome, packets]),
    ).toEqual([
      [ProbeKind.inferred, Outcome.open, 0],
      [ProbeKind.inferred, Outcome.closed, 0],
    ]);
  });

  it('is not inferred from a reset that may end a connection', () => {
    const scene = new Scene();
    scene.answer(SERVER, SCANNER, rst | ack, 80, { tcpSeq: 5 });
    scene.answer(SERVER, SCANNER, rst, 80, { tcpSeq: 0 });
    expect(scene.contacts(SCANNER)).toEqual([]);
  });
});

describe('what follows in the conversation', () => {
  it('proves the path when the source acknowledges our number', () => {
    const scene = answered();
    scene.tcp(SCANNER, SERVER, ack, { tcpAck: SERVER_SEQ });
    expect(scene.contact(SCANNER).outcome).toBe(Outcome.open);
    scene.tcp(SCANNER, SERVER, ack, ACKNOWLEDGES);
    expect(scene.contact(SCANNER).outcome).toBe(Outcome.open | Outcome.established);
    expect(scene.targetCount(SERVER, 'established')).toBe(1);
  });

  it('tells data of either side', () => {
    const scene = answered();
    scene.tcp(SCANNER, SERVER, ack | psh, { ...ACKNOWLEDGES, payloadWireSize: 10 });
    const spoken = Outcome.open | Outcome.established | Outcome.sourceData;
    expect(scene.contact(SCANNER).outcome).toBe(spoken);
    scene.answer(SERVER, SCANNER, ack, 80, { payloadWireSize: 10 });
    expect(scene.contact(SCANNER).outcome).toBe(spoken | Outcome.targetData);
  });

  it('is a reset by the source, from the same stack or another', () => {
    const same = answered();
    same.tcp(SCANNER, SERVER, rst, { ttl: 51 });
    expect(same.contact(SCANNER).outcome).toBe(Outcome.open | Outcome.sourceReset);
    const other = answered();
    other.tcp(SCANNER, SERVER, rst, { ttl: 60 });
    const split = Outcome.sourceReset | Outcome.stackSplit;
    expect(other.contact(SCANNER).outcome).toBe(Outcome.open | split);
  });

  it('knows the TTL of the probe though another source probed in between', () => {
    const scene = new Scene();
    scene.syn(SCANNER, SERVER, 80);
    scene.udp('203.0.113.77', SERVER);
    scene.answer(SERVER, SCANNER, SYN_ACK, 80, { tcpSeq: SERVER_SEQ });
    scene.tcp(SCANNER, SERVER, rst, { ttl: 60 });
    expect(scene.contact(SCANNER).outcome & Outcome.stackSplit).toBe(Outcome.stackSplit);
  });

  it('is no probe: neither the end of a connection nor anything in one we opened', () => {
    const scene = answered();
    scene.tcp(SCANNER, SERVER, fin | ack, ACKNOWLEDGES);
    scene.tcp(SERVER, SCANNER, syn, { srcPort: 50_000, dstPort: 443 });
    const back = { srcPort: 443, dstPort: 50_000 };
    scene.tcp(SCANNER, SERVER, SYN_ACK, back);
    scene.tcp(SCANNER, SERVER, ack, { ...back, payloadWireSize: 5 });
    scene.tcp(SCANNER, SERVER, rst, back);
    expect(scene.contact(SCANNER)).toMatchObject({ port: 80, kinds: ProbeKind.syn, packets: 1 });
  });

  it('tells prober from probed inside one network', () => {
    const scene = new Scene();
    const prober = '198.51.100.77';
    scene.syn(prober, SERVER, 80);
    scene.answer(SERVER, prober, SYN_ACK, 80, { tcpSeq: SERVER_SEQ });
    scene.tcp(prober, SERVER, ack, { ...ACKNOWLEDGES, payloadWireSize: 3 });
    scene.answer(SERVER, prober, ack, 80, { payloadWireSize: 3 });
    expect(scene.contact(prober).outcome).toBe(
      Outcome.open | Outcome.established | Outcome.sourceData | Outcome.targetData,
    );
    expect(scene.contacts(SERVER)).toEqual([]);
  });

  it('is unknown when its beginning was not seen', () => {
    const scene = new Scene();
    scene.tcp(SCANNER, SERVER, ack, { payloadWireSize: 100 });
    scene.tcp(SCANNER, SERVER, fin | ack);
    expect(scene.contact(SCANNER)).toMatchObject({
      kinds: 0,
      outcome: Outcome.midstream | Outcome.sourceData,
      packets: 0,
    });
  });
});

describe('stealth probes', () => {
  it.each([
    ['FIN', fin, ProbeKind.fin],
    ['NULL', 0, ProbeKind.null],
    ['Xmas', fin | psh | urg, ProbeKind.xmas],
    ['SYN+FIN', syn | fin, ProbeKind.oddFlags],
    ['PSH', psh, ProbeKind.oddFlags],
    ['SYN+RST', syn | rst, ProbeKind.oddFlags],
  ])('%s needs no more than its flags', (_, flags, kind) => {
    const scene = new Scene();
    scene.tcp(SCANNER, SERVER, flags);
    expect(scene.contact(SCANNER)).toMatchObject({ kinds: kind, packets: 1 });
  });

  it.each([
    ['ACK', ack, ProbeKind.ack],
    ['FIN+ACK', fin | ack, ProbeKind.maimon],
  ])('%s is one when it reaches a host that never spoke', (_, flags, kind) => {
    const scene = new Scene();
    scene.speak();
    scene.tcp(SCANNER, '198.51.100.99', flags, { tcpWindow: 500 });
    expect(scene.contact(SCANNER)).toMatchObject({ kinds: kind });
  });

  it('takes an orphan ACK to a host that speaks for nothing, until it is reset', () => {
    const scene = new Scene();
    scene.speak();
    scene.tcp(SCANNER, SERVER, ack, { tcpWindow: 500 });
    expect(scene.contacts(SCANNER)).toEqual([]);
    expect(scene.observer.counts.orphans).toBe(1);
    scene.answer(SERVER, SCANNER, rst, 80);
    expect(scene.contact(SCANNER)).toMatchObject({
      kinds: ProbeKind.ack,
      outcome: Outcome.closed,
    });
  });

  it('takes an orphan ACK that is answered with data for a connection', () => {
    const scene = new Scene();
    scene.speak();
    scene.tcp(SCANNER, SERVER, ack, { tcpWindow: 500 });
    scene.answer(SERVER, SCANNER, ack, 80, { payloadWireSize: 20 });
    scene.answer(SERVER, SCANNER, rst, 80);
    expect(scene.contacts(SCANNER)).toEqual([]);
  });

  it('takes silence for nothing before `silentAfterUs`, but for what carries a mark', () => {
    const scene = new Scene({}, 1_000_000);
    scene.speak();
    scene.tcp(SCANNER, '198.51.100.99', ack, { tcpWindow: 500 });
    expect(scene.contacts(SCANNER)).toEqual([]);
    scene.tcp(SCANNER, '198.51.100.98', ack, { tcpWindow: 1024, tcpSeq: 0, tcpAck: 1 });
    expect(scene.contact(SCANNER)).toMatchObject({ target: '198.51.100.98' });
    scene.nowUs += 1_000_000;
    scene.tcp(SCANNER, '198.51.100.97', ack, { tcpWindow: 500 });
    expect(scene.contacts(SCANNER)).toHaveLength(2);
  });

  it('takes silence for nothing where answers do not pass', () => {
    const scene = new Scene();
    scene.tcp(SCANNER, '198.51.100.99', ack, { tcpWindow: 500 });
    expect(scene.contacts(SCANNER)).toEqual([]);
    scene.speak();
    scene.nowUs += FIVE_MINUTES_US + 1;
    scene.tcp(SCANNER, '198.51.100.98', ack, { tcpWindow: 500 });
    expect(scene.contacts(SCANNER)).toEqual([]);
  });
});

describe('backscatter', () => {
  it('is a SYN-ACK or a reset that nobody asked for', () => {
    const scene = new Scene();
    scene.speak();
    scene.answer(SCANNER, SERVER, SYN_ACK, 80);
    scene.answer(SCANNER, SERVER, rst | ack, 81, { tcpSeq: 0 });
    expect(scene.contact(SCANNER)).toMatchObject({
      port: 40_000,
      kinds: 0,
      outcome: Outcome.backscatterSynAck | Outcome.backscatterRst,
      packets: 0,
    });
    expect(scene.hostCount(SERVER, 'unsolicitedSynAcks')).toBe(1);
    expect(scene.hostCount(SERVER, 'unsolicitedResets')).toBe(1);
    scene.answer(SCANNER, '198.51.100.11', SYN_ACK, 80);
    expect(scene.sourceCount(SCANNER, 'unsolicited')).toBe(3);
  });

  it('is not told from an answer where our packets do not pass', () => {
    const scene = new Scene();
    scene.answer(SCANNER, SERVER, SYN_ACK, 80);
    expect(scene.contacts(SCANNER)).toEqual([]);
  });
});
