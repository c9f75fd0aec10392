import { describe, expect, it } from 'vitest';
import { LinkType } from '../base/link-types.js';
import { Checksum, Transport } from './packet.js';
import { be16, be32, bytes, ipv4 } from './testkit/build-frame.js';
import { anomaliesOf, decode, truncations } from './testkit/decode.js';

const INIT = bytes('01000014 00000001 00008000 000a 0800 12345678');

function sctp(chunks: Uint8Array, adjust = 0, checksum?: number): Uint8Array {
  const packet = bytes(be16(45000), be16(80), be32(0xcafe), '00000000', chunks);
  const right = (crc32c(packet) + adjust) >>> 0;
  const value = checksum ?? right;
  // Least significant byte first.
  packet.set([value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24], 8);
  return packet;
}

/** Bit by bit, RFC 9260 appendix A. */
function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

const over4 = (packet: Uint8Array) => ipv4(packet, { protocol: 132 });
const decodeSctp = (packet: Uint8Array) => decode(over4(packet), LinkType.ipv4);

describe('sctp', () => {
  it('reads every field', () => {
    const packet = decodeSctp(sctp(INIT));
    expect(packet).toMatchObject({
      transport: Transport.sctp,
      srcPort: 45000,
      dstPort: 80,
      sctpTag: 0xcafe,
      sctpChunk: 1,
      payloadAt: 32,
      payloadSize: 20,
      transportChecksum: Checksum.right,
    });
    expect(anomaliesOf(packet)).toEqual([]);
  });

  it('names each truncation of the headers', () => {
    const found = truncations(over4(sctp(INIT)), LinkType.ipv4);
    for (let size = 20; size < 36; size++) expect(found[size]).toContain('sctp_truncated');
  });

  it.each(['01000003', '010000ff'])('notes a wrong chunk length: %s', (header) => {
    const packet = decodeSctp(sctp(bytes(header, '00000000')));
    expect([packet.transport, anomaliesOf(packet)]).toEqual([
      Transport.sctp,
      ['sctp_chunk_length'],
    ]);
  });

  it('tells right, offload, --badsum and wrong apart', () => {
    expect(decodeSctp(sctp(INIT, 0, 0)).transportChecksum).toBe(Checksum.offload);
    expect(decodeSctp(sctp(INIT, -1)).transportChecksum).toBe(Checksum.nmapBadsum);
    const wrong = decodeSctp(sctp(INIT, 1));
    expect([wrong.transportChecksum, anomaliesOf(wrong)]).toEqual([
      Checksum.wrong,
      ['sctp_checksum'],
    ]);
  });
});
