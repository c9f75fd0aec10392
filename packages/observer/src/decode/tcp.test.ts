import { describe, expect, it } from 'vitest';
import { LinkType } from '../base/link-types.js';
import { Checksum, Transport } from './packet.js';
import { bytes, ipv4, ipv6, offloadChecksum, tcp, type TcpFields } from './testkit/build-frame.js';
import { anomaliesOf, decode, truncations } from './testkit/decode.js';

const decodeTcp = (fields: TcpFields) => decode(ipv4(tcp(fields)), LinkType.ipv4);

describe('tcp', () => {
  it('reads every field', () => {
    const packet = decodeTcp({
      src: 12345,
      dst: 22,
      seq: 0xfedcba98,
      ack: 0x89abcdef,
      flags: 0x1ff,
      window: 64240,
      urgent: 0xf7f5,
      options: '0101080a0000000100000002',
      payload: bytes('0102030405'),
    });
    expect(packet).toMatchObject({
      transport: Transport.tcp,
      srcPort: 12345,
      dstPort: 22,
      tcpSeq: 0xfedcba98 | 0,
      tcpAck: 0x89abcdef | 0,
      tcpFlags: 0x1ff,
      tcpWindow: 64240,
      tcpUrgent: 0xf7f5,
      tcpOptionsAt: 40,
      tcpOptionsSize: 12,
      payloadAt: 52,
      payloadSize: 5,
      payloadWireSize: 5,
      transportChecksum: Checksum.right,
    });
    expect(anomaliesOf(packet)).toEqual([]);
  });

  it('names each truncation of the header', () => {
    const found = truncations(ipv4(tcp({ payload: bytes('00') })), LinkType.ipv4);
    for (let size = 20; size < 40; size++) expect(found[size]).toContain('tcp_truncated');
  });

  it('keeps the options the snapshot kept, without an anomaly', () => {
    const frame = ipv4(tcp({ options: '020405b40402080a0000000100000000' }));
    for (let size = 40; size < frame.length; size++) {
      const packet = decode(frame.slice(0, size), LinkType.ipv4, frame.length);
      expect([packet.tcpOptionsSize, anomaliesOf(packet)]).toEqual([size - 40, []]);
      expect([packet.payloadSize, packet.transportChecksum]).toEqual([0, Checksum.unverified]);
    }
  });

  it.each([
    [0, 'below 5'],
    [4, 'below 5'],
    [7, 'beyond the segment'],
  ])('refuses a data offset of %i words, %s', (headerWords) => {
    const packet = decodeTcp({ headerWords });
    expect(packet).toMatchObject({ transport: Transport.other, protocol: 6, dstPort: 0 });
    expect(anomaliesOf(packet)).toEqual(['tcp_header_length']);
  });

  it.each([
    ['length 0', '02000000', true],
    ['length 1', '03010000', true],
    ['length beyond the header', '02050000', true],
    ['no room for a length', '01010102', true],
    ['bytes after the end of the list', '0002ff00', false],
    ['unknown kinds', 'fd04abcd', false],
  ])('judges options with %s', (_, options, bad) => {
    expect(anomaliesOf(decodeTcp({ options }))).toEqual(bad ? ['tcp_option_length'] : []);
  });

  it('notes port 0', () => {
    expect(anomaliesOf(decodeTcp({ dst: 0 }))).toEqual(['port_zero']);
    expect(anomaliesOf(decodeTcp({ src: 0 }))).toEqual(['port_zero']);
  });
});

describe('tcp checksum', () => {
  it.each([4, 6])('tells right, offload, --badsum and wrong apart over IPv%i', (version) => {
    const judge = (checksum?: number) => {
      const fields = checksum === undefined ? { version } : { version, checksum };
      const segment = tcp(fields);
      const frame = version === 4 ? ipv4(segment) : ipv6(segment);
      const packet = decode(frame, version === 4 ? LinkType.ipv4 : LinkType.ipv6);
      return [packet.transportChecksum, anomaliesOf(packet)];
    };
    const right = tcp({ version }).slice(16, 18);
    // Nmap's `--sum` on a little-endian host takes one from the first byte, with borrow.
    const badsum = ((right[1] << 8) | right[0]) - 1;
    const offload = offloadChecksum(version, 6, 24);
    expect(judge()).toEqual([Checksum.right, []]);
    expect(judge(offload)).toEqual([Checksum.offload, []]);
    expect(judge(((badsum & 0xff) << 8) | (badsum >>> 8))).toEqual([
      Checksum.nmapBadsum,
      ['tcp_checksum'],
    ]);
    expect(judge(0x1111)).toEqual([Checksum.wrong, ['tcp_checksum']]);
  });

  it('counts an odd last byte as the high one', () => {
    expect(decodeTcp({ payload: bytes('ff01ff') }).transportChecksum).toBe(Checksum.right);
  });
});
