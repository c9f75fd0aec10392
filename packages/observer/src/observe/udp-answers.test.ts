import { describe, expect, it } from 'vitest';
import { bytes } from '../decode/testkit/build-frame.js';
import { Packet } from '../decode/packet.js';
import { isUdpAnswer } from './udp-answers.js';

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const zeros = (count: number): Uint8Array => new Uint8Array(count);
const LONG_FORM = '30 84 00000bff 020101';

/** From a service's port: what it answers, and what somebody would send from there to ask. */
const CASES: [name: string, port: number, answer: Uint8Array, question: Uint8Array][] = [
  ['quote of the day', 17, text('"Well begun is half done." '), bytes('ff00', zeros(30))],
  ['character generator', 19, text('!"#$%&\'()*+,-./0123456789:;<=>?'), bytes()],
  ['DNS', 53, bytes('beef 8180 0001 0001 0000 0000 00'), bytes('beef 0100 0001 0000 0000 0000 00')],
  ['DHCP', 67, bytes('02 010600', zeros(236)), bytes('01 010600', zeros(236))],
  ['TFTP', 69, bytes('0003 0001', zeros(512)), bytes('0001', text('boot.cfg\0octet\0'))],
  ['Kerberos', 88, bytes('7e 81a0 3081 9d', zeros(160)), bytes('6a 81a0 3081 9d', zeros(160))],
  [
    'portmapper',
    111,
    bytes('72fe1d13 00000001', zeros(24)),
    bytes('72fe1d13 00000000 00000002 000186a0', zeros(24)),
  ],
  ['NTP', 123, bytes('24 02 06e9', zeros(44)), bytes('23 00 06ec', zeros(44))],
  ['NTP control', 123, bytes('16 82 0001', zeros(8)), bytes('16 02 0001', zeros(8))],
  ['NTP monlist', 123, bytes('d7 00 032a', zeros(440)), bytes('17 00 032a', zeros(44))],
  ['NetBIOS', 137, bytes('0001 8400', zeros(50)), bytes('0001 0010', zeros(46))],
  [
    'SNMP',
    161,
    bytes('30 29 020101 0406', text('public'), 'a2 1c', zeros(28)),
    bytes('30 29 020101 0406', text('public'), 'a5 1c', zeros(28)),
  ],
  [
    'CLDAP',
    389,
    bytes(LONG_FORM, '64 84 00000bf3', zeros(64)),
    bytes('30 25 020101 63 20', zeros(32)),
  ],
  ['CLDAP, done', 389, bytes('30 0c 020107 65 07', zeros(7)), bytes('30')],
  ['XDMCP', 177, bytes('0001 0005 0018', zeros(24)), bytes('0001 0002 0001 00')],
  ['SLP', 427, bytes('02 02 0000', zeros(40)), bytes('02 01 0000', zeros(40))],
  [
    'QUIC version negotiation',
    443,
    bytes('c0 00000000 08', zeros(20)),
    bytes('c0 00000001 08', zeros(20)),
  ],
  [
    'DTLS',
    443,
    bytes('16 fefd 0000 000000000000 0030 03', zeros(40)),
    bytes('16 fefd 0000 000000000000 0030 01', zeros(40)),
  ],
  [
    'IKE',
    500,
    bytes(zeros(16), '21 20 22 20 00000000', zeros(8)),
    bytes(zeros(16), '21 20 22 08 00000000', zeros(8)),
  ],
  ['RIP', 520, bytes('02 01 0000', zeros(20)), bytes('01 01 0000', zeros(20))],
  ['IPMI', 623, bytes('06 00 ff 06 000011be 40', zeros(19)), bytes('06 00 ff 06 000011be 80 0000')],
  ['OpenVPN', 1194, bytes('40', zeros(25)), bytes('38', zeros(13))],
  ['SQL Server', 1434, bytes('05 5c00', text('ServerName;')), bytes('02')],
  ['SSDP', 1900, text('HTTP/1.1 200 OK\r\nST: upnp:rootdevice'), text('M-SEARCH * HTTP/1.1\r\n')],
  ['RDP', 3389, bytes('00000001 0040 0005', zeros(1200)), bytes('ffffffff 0040 0001', zeros(1200))],
  ['STUN', 3478, bytes('0101 000c 2112a442', zeros(24)), bytes('0001 0000 2112a442', zeros(12))],
  ['WS-Discovery', 3702, text(`<?xml version="1.0"?>${' '.repeat(60)}`), bytes(zeros(90))],
  ['SIP', 5060, text('SIP/2.0 200 OK\r\n'), text('OPTIONS sip:nm SIP/2.0\r\n')],
  ['NAT-PMP', 5351, bytes('00 80 0000 00000000 00000000'), bytes('00 00')],
  ['multicast DNS', 5353, bytes('0000 8400', zeros(40)), bytes('0000 0000 0001', zeros(40))],
  ['CoAP', 5683, bytes('60 45 0001', zeros(8)), bytes('40 01 0001', text('core'))],
  [
    'memcached',
    11_211,
    bytes('0001 0000 0001 0000', text('STAT pid 1')),
    bytes('0001 0000 0001 0001', text('stats\r\n')),
  ],
  [
    'game server',
    27_015,
    bytes('ffffffff 49 11', zeros(20)),
    bytes('ffffffff 54', text('Source Engine Query\0')),
  ],
  ['game server, long', 27_015, bytes('fffffffe 00000001 02 00', zeros(20)), bytes('fffffffe')],
  [
    'arena',
    27_960,
    bytes('ffffffff', text('statusResponse\n')),
    bytes('ffffffff', text('getstatus\n')),
  ],
];

function isAnswer(srcPort: number, payload: Uint8Array): boolean {
  const packet = new Packet();
  packet.srcPort = srcPort;
  // Nothing behind the payload may count, nor anything before it.
  packet.bytes = bytes(zeros(42).fill(0x30), payload, zeros(64).fill(0xa2));
  packet.payloadAt = 42;
  packet.payloadSize = payload.length;
  return isUdpAnswer(packet);
}

describe('answers over UDP', () => {
  it.each(CASES)('are told from questions: %s', (_, port, answer, question) => {
    expect(isAnswer(port, answer)).toBe(true);
    expect(isAnswer(port, question)).toBe(false);
  });

  it.each(CASES)('are none when they are cut to nothing: %s', (_, port, answer) => {
    for (const size of [0, 1, 2, 3]) expect(isAnswer(port, answer.subarray(0, size))).toBe(false);
  });

  it('are known by the port they come from, unless the content says enough', () => {
    const anywhere = CASES.filter(([, , answer]) => isAnswer(50_001, answer)).map(([name]) => name);
    expect(anywhere).toEqual(['DTLS', 'SSDP', 'SIP', 'game server', 'game server, long', 'arena']);
  });
});
