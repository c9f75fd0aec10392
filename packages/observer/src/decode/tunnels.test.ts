import { describe, expect, it } from 'vitest';
import { limits } from '../base/limits.js';
import { Transport } from './packet.js';
import {
  bytes,
  ethernet,
  geneve,
  gre,
  ipv4,
  ipv6,
  mpls,
  pppoe,
  tcp,
  udp,
  vlan,
  vxlan,
} from './testkit/build-frame.js';
import { anomaliesOf, decode, truncations } from './testkit/decode.js';

const INNER = ipv4(tcp());
const INNER6 = ipv6(tcp({ version: 6 }));
const INNER_FRAME = ethernet(0x0800, INNER);
const OUTER = { src: '192.0.2.1', dst: '192.0.2.2' };

function overGre(type: number, payload: Uint8Array, fields = {}): Uint8Array {
  return ethernet(0x0800, ipv4(gre(type, payload, fields), { ...OUTER, protocol: 47 }));
}

function overUdp(port: number, payload: Uint8Array): Uint8Array {
  return ethernet(
    0x0800,
    ipv4(udp(payload, { dst: port, checksum: 0 }), { ...OUTER, protocol: 17 }),
  );
}

const ERSPAN2 = bytes('1001 0001 00000000');
const ERSPAN3 = bytes('2001 0001 00000000 0000 0000');
const ERSPAN3_SUBHEADER = bytes('2001 0001 00000000 0000 0001', '0000000000000000');

describe('tunnels lead to the innermost IP packet', () => {
  it.each<[string, Uint8Array, number]>([
    ['VLAN', ethernet(0x8100, vlan(5, 0x0800, INNER)), 1],
    ['QinQ 0x88a8', ethernet(0x88a8, vlan(5, 0x8100, vlan(6, 0x0800, INNER))), 2],
    ['QinQ 0x9100', ethernet(0x9100, vlan(5, 0x8100, vlan(6, 0x86dd, INNER6))), 2],
    ['MPLS', ethernet(0x8847, mpls(16, true, INNER)), 1],
    ['MPLS, two labels, IPv6', ethernet(0x8847, mpls(16, false, mpls(17, true, INNER6))), 2],
    ['MPLS pseudowire', ethernet(0x8847, mpls(16, true, INNER_FRAME)), 1],
    ['MPLS, control word', ethernet(0x8847, mpls(16, true, bytes('00000000', INNER_FRAME))), 1],
    ['PPPoE', ethernet(0x8864, pppoe(3, INNER)), 1],
    ['PPPoE, IPv6', ethernet(0x8864, pppoe(3, INNER6, 0x0057)), 1],
    ['GRE', overGre(0x0800, INNER), 1],
    ['GRE, IPv6', overGre(0x86dd, INNER6), 1],
    ['GRE, all fields', overGre(0x0800, INNER, { key: 9, sequence: 1, checksum: true }), 1],
    ['GRE, bridged', overGre(0x6558, INNER_FRAME), 1],
    ['ERSPAN I', overGre(0x88be, INNER_FRAME), 2],
    ['ERSPAN II', overGre(0x88be, bytes(ERSPAN2, INNER_FRAME), { sequence: 1 }), 2],
    ['ERSPAN III', overGre(0x22eb, bytes(ERSPAN3, INNER_FRAME), { sequence: 1 }), 2],
    ['ERSPAN III, subheader', overGre(0x22eb, bytes(ERSPAN3_SUBHEADER, INNER_FRAME)), 2],
    ['ERSPAN III, IP', overGre(0x22eb, bytes('2001 0001 00000000 0000 0800', INNER)), 2],
    ['VXLAN', overUdp(4789, vxlan(77, INNER_FRAME)), 1],
    ['VXLAN, VLAN inside', overUdp(4789, vxlan(77, ethernet(0x8100, vlan(5, 0x0800, INNER)))), 2],
    ['GENEVE', overUdp(6081, geneve(77, INNER_FRAME)), 1],
    ['GENEVE, options', overUdp(6081, geneve(77, INNER_FRAME, '0102030405060708')), 1],
    ['GENEVE, IP', overUdp(6081, geneve(77, INNER6, '', 0x86dd)), 1],
    ['IP in IP', ethernet(0x0800, ipv4(INNER, { ...OUTER, protocol: 4 })), 1],
    ['6in4', ethernet(0x0800, ipv4(INNER6, { ...OUTER, protocol: 41 })), 1],
    ['4in6', ethernet(0x86dd, ipv6(INNER, { next: 4 })), 1],
    ['MPLS in IP', ethernet(0x0800, ipv4(mpls(16, true, INNER), { ...OUTER, protocol: 137 })), 1],
  ])('%s', (_, frame, layers) => {
    const packet = decode(frame);
    expect(anomaliesOf(packet)).toEqual([]);
    expect(packet.transport).toBe(Transport.tcp);
    expect(packet.src3 >>> 0).toBe(packet.ipVersion === 4 ? 0xcb007107 : 7);
    expect([packet.layerCount, packet.tcpSeq, packet.payloadWireSize]).toEqual([
      layers,
      0x01020304,
      0,
    ]);
    expect(packet.transportChecksum).toBe(1);
    expect(truncations(frame)).toHaveLength(frame.length);
  });
});

describe('tunnel key', () => {
  const keyOf = (frame: Uint8Array) => decode(frame).tunnelKey;

  it('is 0 without an id: no tag, priority tag, labels, mirror sessions', () => {
    expect(keyOf(INNER_FRAME)).toBe(0);
    expect(keyOf(ethernet(0x8100, vlan(0xe000, 0x0800, INNER)))).toBe(0);
    expect(keyOf(ethernet(0x8847, mpls(16, true, INNER)))).toBe(0);
    expect(keyOf(overGre(0x88be, bytes(ERSPAN2, INNER_FRAME), { sequence: 1 }))).toBe(0);
  });

  it('tells ids, kinds of id and their order apart', () => {
    const keys = [
      ethernet(0x8100, vlan(5, 0x0800, INNER)),
      ethernet(0x8100, vlan(6, 0x0800, INNER)),
      ethernet(0x8100, vlan(5, 0x8100, vlan(6, 0x0800, INNER))),
      ethernet(0x8100, vlan(6, 0x8100, vlan(5, 0x0800, INNER))),
      ethernet(0x8864, pppoe(5, INNER)),
      overGre(0x0800, INNER, { key: 5 }),
      overUdp(4789, vxlan(5, INNER_FRAME)),
      overUdp(6081, geneve(5, INNER_FRAME)),
    ].map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).not.toContain(0);
  });

  it('does not depend on priority bits', () => {
    const tagged = (tag: number) => keyOf(ethernet(0x8100, vlan(tag, 0x0800, INNER)));
    expect(tagged(0xe005)).toBe(tagged(0x0005));
  });
});

describe('damaged tunnels', () => {
  it.each<[string, Uint8Array, string]>([
    ['VLAN tag cut', ethernet(0x8100, bytes('0005')), 'vlan_truncated'],
    ['label cut', ethernet(0x8847, bytes('0001')), 'mpls_truncated'],
    ['nothing under the labels', ethernet(0x8847, mpls(16, true, bytes())), 'mpls_truncated'],
    ['PPPoE cut', ethernet(0x8864, bytes('1100 0003')), 'pppoe_truncated'],
    ['PPP protocol cut', ethernet(0x8864, bytes('1100 0003 0001 00')), 'pppoe_truncated'],
    ['GRE cut', overGre(0x0800, bytes()).slice(0, 36), 'ipv4_total_length'],
    ['GRE key cut', overGre(0x0800, bytes(), { key: 1 }).slice(0, 40), 'gre_truncated'],
    ['GRE version', overGre(0x0800, INNER, { version: 2 }), 'gre_version'],
    ['GRE routing', overGre(0x0800, INNER, { routing: true }), 'gre_routing'],
    ['ERSPAN II cut', overGre(0x88be, bytes('1001'), { sequence: 1 }), 'erspan_truncated'],
    ['ERSPAN II version', overGre(0x88be, ERSPAN3, { sequence: 1 }), 'erspan_version'],
    ['ERSPAN III cut', overGre(0x22eb, bytes('2001')), 'erspan_truncated'],
    ['ERSPAN III version', overGre(0x22eb, bytes('1001 0001 00000000 00000000')), 'erspan_version'],
    ['subheader cut', overGre(0x22eb, ERSPAN3_SUBHEADER.slice(0, 14)), 'erspan_truncated'],
    ['IP in IP, empty', ethernet(0x0800, ipv4(bytes(), { protocol: 4 })), 'ipv4_truncated'],
    ['6in4, empty', ethernet(0x0800, ipv4(bytes(), { protocol: 41 })), 'ipv6_truncated'],
    ['GRE, empty', ethernet(0x0800, ipv4(bytes(), { protocol: 47 })), 'gre_truncated'],
  ])('%s', (_, frame, anomaly) => {
    const packet = decode(frame);
    expect(anomaliesOf(packet)).toContain(anomaly);
    if (packet.ipVersion !== 0) expect(packet.transport).toBe(Transport.other);
  });

  it('reports the outer packet when the inner one is malformed', () => {
    const packet = decode(overGre(0x0800, bytes('15', INNER.slice(1)), { key: 4 }));
    expect(anomaliesOf(packet)).toEqual(['ip_version']);
    expect([packet.src3 >>> 0, packet.protocol, packet.transport]).toEqual([
      0xc0000201,
      47,
      Transport.other,
    ]);
    expect(packet.tunnelKey).toBe(0);
  });

  it('notes a PPPoE length beyond the frame and goes on', () => {
    const frame = ethernet(0x8864, pppoe(3, INNER));
    frame.set([0xff, 0xff], 18);
    const packet = decode(frame);
    expect(anomaliesOf(packet)).toEqual(['pppoe_length']);
    expect(packet.transport).toBe(Transport.tcp);
  });

  it('stops at the depth limit', () => {
    let payload = vlan(1, 0x0800, INNER);
    for (let depth = 1; depth < limits.decodeDepthMax; depth++) payload = vlan(1, 0x8100, payload);
    expect(decode(ethernet(0x8100, payload)).ipVersion).toBe(4);
    const packet = decode(ethernet(0x8100, vlan(1, 0x8100, payload)));
    expect([packet.ipVersion, anomaliesOf(packet)]).toEqual([0, ['layers_too_many']]);
  });
});

describe('ports do not make tunnels', () => {
  it.each<[string, Uint8Array, string[]]>([
    ['VXLAN without its flag', overUdp(4789, vxlan(7, INNER_FRAME, 0)), ['vxlan_flags']],
    ['VXLAN cut', overUdp(4789, bytes('08000000')), ['vxlan_truncated']],
    ['VXLAN with another inner type', overUdp(4789, vxlan(7, ethernet(0x88cc, INNER))), []],
    ['VXLAN with ARP', overUdp(4789, vxlan(7, ethernet(0x0806, bytes('0001')))), []],
    ['VXLAN with a wrong header', overUdp(4789, vxlan(7, ethernet(0x0800, INNER6))), []],
    ['an empty datagram', overUdp(4789, bytes()), []],
    ['GENEVE of another version', overUdp(6081, bytes('40006558 00000700')), ['geneve_version']],
    ['GENEVE cut', overUdp(6081, bytes('00')), ['geneve_truncated']],
    ['GENEVE options cut', overUdp(6081, bytes('3f006558 00000700')), ['geneve_truncated']],
    ['GENEVE of another type', overUdp(6081, geneve(7, INNER, '', 0x1234)), []],
    ['another port', overUdp(4790, vxlan(7, INNER_FRAME)), []],
  ])('%s stays UDP', (_, frame, anomalies) => {
    const packet = decode(frame);
    expect(anomaliesOf(packet)).toEqual(anomalies);
    expect([packet.src3 >>> 0, packet.transport, packet.srcPort]).toEqual([
      0xc0000201,
      Transport.udp,
      40000,
    ]);
  });
});
