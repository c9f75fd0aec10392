import { describe, expect, it } from 'vitest';
import { Outcome, ProbeKind } from '../../../plugin-api/src/batch-layout.js';
import { SCANNER, SERVER, Scene } from './testkit/scene.js';

const BACK = { srcPort: 53, dstPort: 40_000 };

function dnsAnswer(): { bytes: Uint8Array; payloadSize: number; payloadWireSize: number } {
  const bytes = new Uint8Array(40);
  bytes[2] = 0x81;
  return { bytes, payloadSize: 40, payloadWireSize: 40 };
}

describe('UDP', () => {
  it('is a probe when it comes unasked, and open when it is answered', () => {
    const scene = new Scene();
    scene.udp(SCANNER, SERVER);
    expect(scene.contact(SCANNER)).toMatchObject({
      protocol: 17,
      port: 53,
      kinds: ProbeKind.udp,
      outcome: 0,
    });
    scene.udp(SERVER, SCANNER, BACK);
    expect(scene.contact(SCANNER).outcome).toBe(Outcome.open | Outcome.targetData);
  });

  it('goes on as a conversation, which proves the path', () => {
    const scene = new Scene();
    scene.udp(SCANNER, SERVER);
    scene.udp(SERVER, SCANNER, BACK);
    scene.udp(SCANNER, SERVER);
    scene.udp(SCANNER, SERVER);
    expect(scene.contact(SCANNER)).toMatchObject({
      packets: 1,
      outcome: Outcome.open | Outcome.targetData | Outcome.sourceData | Outcome.established,
    });
  });

  it('is no probe when one of ours asked', () => {
    const scene = new Scene();
    scene.udp(SERVER, SCANNER, { srcPort: 40_000, dstPort: 53 });
    scene.udp(SCANNER, SERVER, BACK);
    expect(scene.contacts(SCANNER)).toEqual([]);
  });

  it('does not take a second packet of the prober for the answer, inside one network', () => {
    const scene = new Scene();
    const prober = '198.51.100.77';
    scene.udp(prober, SERVER);
    scene.udp(prober, SERVER);
    expect(scene.contact(prober)).toMatchObject({ packets: 2, outcome: 0 });
    expect(scene.contacts(SERVER)).toEqual([]);
    scene.udp(SERVER, prober, BACK);
    expect(scene.contact(prober).outcome).toBe(Outcome.open | Outcome.targetData);
  });

  it('waits two minutes for an answer', () => {
    const scene = new Scene();
    scene.udp(SCANNER, SERVER);
    scene.nowUs += 120_000_001;
    scene.udp(SERVER, SCANNER, BACK);
    expect(scene.contact(SCANNER).outcome).toBe(0);
  });

  it('is backscatter when it is plainly an answer, nobody having asked', () => {
    const scene = new Scene();
    scene.speak();
    scene.udp(SCANNER, SERVER, { ...BACK, ...dnsAnswer() });
    expect(scene.contact(SCANNER)).toMatchObject({
      kinds: 0,
      outcome: Outcome.backscatterReply,
      packets: 0,
    });
  });

  it('has no direction when it is an answer where our packets do not pass', () => {
    const scene = new Scene();
    scene.udp(SCANNER, SERVER, { ...BACK, dstPort: 53, ...dnsAnswer() });
    expect(scene.observer.counts.udpDirectionUnknown).toBe(1);
    expect(scene.contacts(SCANNER)).toEqual([]);
  });

  it('has no direction from a service port where our packets do not pass', () => {
    const scene = new Scene();
    scene.udp(SCANNER, SERVER, { srcPort: 443, dstPort: 50_000 });
    expect(scene.observer.counts.udpDirectionUnknown).toBe(1);
    expect(scene.contacts(SCANNER)).toEqual([]);
    scene.udp(SCANNER, SERVER, { srcPort: 50_000, dstPort: 443 });
    expect(scene.contact(SCANNER).kinds).toBe(ProbeKind.udp);
  });
});
