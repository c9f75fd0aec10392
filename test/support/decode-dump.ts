import { readFileSync } from 'node:fs';
import { CaptureParser } from '../../packages/observer/src/capture/parser.js';
import { Decoder } from '../../packages/observer/src/decode/decoder.js';
import { type Packet, TcpFlags, Transport } from '../../packages/observer/src/decode/packet.js';
import { writeSynSignature } from '../../packages/observer/src/observe/syn-signature.js';
import { probeTraits } from '../../packages/observer/src/observe/traits.js';

/**
 * Every field of every packet of a capture file, its traits and its signature, as
 * `native/test/decode_dump.cc` prints them.
 */
export function dumpCapture(path: string, fragmentsMax?: number): string[] {
  const decoder = new Decoder(fragmentsMax);
  const lines: string[] = [];
  const parser = new CaptureParser((bytes, from, captured, wire, timeUs, linkType) => {
    const frame = bytes.subarray(from, from + captured);
    const ip = decoder.decode(frame, 0, captured, wire, timeUs, linkType);
    const { packet } = decoder;
    lines.push(`${bit(ip)} ${lineOf(packet, frame)}${judgedOf(packet)}`);
  });
  parser.push(readFileSync(path));
  parser.end();
  lines.push(`counts ${decoder.anomalyCounts.join(' ')}`);
  return lines;
}

function lineOf(p: Packet, frame: Uint8Array): string {
  const anomalies = hex(p.anomaliesHigh) + hex(p.anomaliesLow);
  return (
    `${p.timeUs} ${p.capturedSize}/${p.wireSize} a=${anomalies} b=${bit(p.bytes === frame)}` +
    ` key=${hex(p.tunnelKey)} layers=${p.layerCount} v=${p.ipVersion}` +
    ` ${hex(p.src0, p.src1, p.src2, p.src3)} ${hex(p.dst0, p.dst1, p.dst2, p.dst3)}` +
    ` ttl=${p.ttl} tos=${p.tos} id=${p.ipId >>> 0} flow=${p.flowLabel} df=${bit(p.dontFragment)}` +
    ` rb=${bit(p.ipReservedBit)} opt=${p.ipOptionsSize} size=${p.ipSize} sum=${p.ipChecksum}` +
    ` proto=${p.protocol} frag=${p.fragment}` +
    ` t=${p.transport} at=${p.transportAt} sum=${p.transportChecksum}` +
    ` ports=${p.srcPort},${p.dstPort}` +
    ` tcp=${p.tcpFlags},${p.tcpSeq >>> 0},${p.tcpAck >>> 0},${p.tcpWindow},${p.tcpUrgent}` +
    `,${p.tcpOptionsAt},${p.tcpOptionsSize}` +
    ` icmp=${p.icmpType},${p.icmpCode},${p.icmpId},${p.icmpSeq}` +
    ` sctp=${p.sctpChunk},${p.sctpTag >>> 0}` +
    ` payload=${p.payloadAt},${p.payloadSize},${p.payloadWireSize}` +
    ` q=${p.quotedVersion} ${hex(p.quotedSrc0, p.quotedSrc1, p.quotedSrc2, p.quotedSrc3)}` +
    ` ${hex(p.quotedDst0, p.quotedDst1, p.quotedDst2, p.quotedDst3)}` +
    ` ${p.quotedProtocol} ${bit(p.quotedPortsValid)} ${p.quotedSrcPort},${p.quotedDstPort}`
  );
}

function judgedOf(packet: Packet): string {
  const traits = ` traits=${probeTraits(packet).toString(16)}`;
  if (packet.transport !== Transport.tcp || (packet.tcpFlags & TcpFlags.syn) === 0) return traits;
  const signature = Buffer.alloc(64);
  const size = writeSynSignature(packet, signature);
  return `${traits} syn=${signature.toString('hex', 0, size)}`;
}

function bit(value: boolean): string {
  return value ? '1' : '0';
}

function hex(...words: number[]): string {
  return words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
