import { describe, expect, it } from 'vitest';
import { Outcome, ProbeKind } from '../../../plugin-api/src/batch-layout.js';
import { type Packet, TcpFlags, Transport } from '../decode/packet.js';
import { parseHomeNet } from '../home-net-text.js';
import { SCANNER, SERVER, Scene } from './testkit/scene.js';

const ROUTER = '192.0.2.1';

/** What an ICMP error says of the packet that caused it. */
function quoting(from: string, to: string, fields: Partial<Packet> = {}): Partial<Packet> {
  const [quotedSrc0, quotedSrc1, quotedSrc2, quotedSrc3] = parseHomeNet(from).words;
  const [quotedDst0, quotedDst1, quotedDst2, quotedDst3] = parseHomeNet(to).words;
  const source = { quotedSrc0, quotedSrc1, quotedSrc2, quotedSrc3, quotedSrcPort: 40_000 };
  const target = { quotedDst0, quotedDst1, quotedDst2, quotedDst3, quotedDstPort: 161 };
  const kind = { quotedVersion: 4, quotedProtocol: 17, quotedPortsValid: true };
  return { ...source, ...target, ...kind, ...fields };
}

describe('ICMP requests', () => {
  it.each([
    ['echo', 8, ProbeKind.icmpEcho, 0],
    ['timestamp', 13, ProbeKind.icmpTimestamp, 14],
    ['address mask', 17, ProbeKind.icmpMask, 18],
    ['information', 15, ProbeKind.icmpOther, 16],
  ])('%s is a probe, its reply the outcome', (_, type, kind, reply) => {
    const scene = new Scene();
    scene.icmp(SCANNER, SERVER, type);
    scene.icmp(SERVER, SCANNER, reply);
    expect(scene.contact(SCANNER)).toMatchObject({
      protocol: 1,
      port: type,
      kinds: kind,
      outcome: Outcome.open,
    });
  });

  it('in ICMPv6 likewise', () => {
    const scene = new Scene();
    const six = { ipVersion: 6, protocol: 58, transport: Transport.icmp6 };
    scene.icmp('2001:db8:777::5', '2001:db8:100::1', 128, six);
    scene.icmp('2001:db8:100::1', '2001:db8:777::5', 129, six);
    expect(scene.contact('20010db8077700000000000000000005')).toMatchObject({
      protocol: 58,
      port: 128,
      outcome: Outcome.open,
    });
  });

  it('that we send, and replies to them, are nobody else’s', () => {
    const scene = new Scene();
    scene.icmp(SERVER, SCANNER, 8);
    scene.icmp(SCANNER, SERVER, 0);
    expect(scene.contacts(SCANNER)).toEqual([]);
  });
});

describe('ICMP errors', () => {
  it.each([
    ['port unreachable is closed', { icmpCode: 3 }, Outcome.closed],
    ['prohibited is unreachable', { icmpCode: 13 }, Outcome.unreachable],
    ['time exceeded is unreachable', { icmpType: 11 }, Outcome.unreachable],
  ])('%s, whoever sends it', (_, fields, outcome) => {
    for (const sender of [SERVER, ROUTER]) {
      const scene = new Scene();
      scene.udp(SCANNER, SERVER, { dstPort: 161 });
      scene.icmp(sender, SCANNER, 3, { ...quoting(SCANNER, SERVER), ...fields });
      expect(scene.contact(SCANNER)).toMatchObject({ port: 161, outcome });
    }
  });

  it('make the contact when the probe was not seen', () => {
    const scene = new Scene();
    scene.icmp(SERVER, SCANNER, 3, { ...quoting(SCANNER, SERVER), icmpCode: 3 });
    expect(scene.contact(SCANNER)).toMatchObject({ kinds: ProbeKind.inferred, packets: 0 });
  });

  it('about an echo request find it', () => {
    const scene = new Scene();
    scene.icmp(SCANNER, SERVER, 8);
    const quoted = quoting(SCANNER, SERVER, { quotedProtocol: 1, quotedPortsValid: false });
    scene.icmp(ROUTER, SCANNER, 3, { ...quoted, icmpCode: 1 });
    expect(scene.contact(SCANNER).outcome).toBe(Outcome.unreachable);
  });

  it('about our own packets are none of a prober', () => {
    const scene = new Scene();
    scene.tcp(SERVER, SCANNER, TcpFlags.syn, { srcPort: 40_000, dstPort: 443 });
    const quoted = quoting(SERVER, SCANNER, { quotedProtocol: 6, quotedDstPort: 443 });
    scene.icmp(ROUTER, SERVER, 3, { ...quoted, icmpCode: 1 });
    expect(scene.contacts(ROUTER)).toEqual([]);
    expect(scene.contacts(SCANNER)).toEqual([]);
  });

  it('about packets we never sent are backscatter', () => {
    const scene = new Scene();
    scene.speak();
    scene.icmp(ROUTER, SERVER, 3, { ...quoting(SERVER, SCANNER), icmpCode: 1 });
    expect(scene.contact(ROUTER)).toMatchObject({
      protocol: 17,
      port: 40_000,
      outcome: Outcome.backscatterIcmp,
    });
  });
});
