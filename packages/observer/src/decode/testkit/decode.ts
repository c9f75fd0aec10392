import { expect } from 'vitest';
import { LinkType } from '../../base/link-types.js';
import { ANOMALY_NAMES } from '../anomaly.js';
import { Decoder } from '../decoder.js';
import { type Packet, Transport } from '../packet.js';

/** Decodes one whole frame with a fresh decoder. */
export function decode(
  frame: Uint8Array,
  linkType: number = LinkType.ethernet,
  wire: number = frame.length,
): Packet {
  const decoder = new Decoder(8);
  decoder.decode(frame, 0, frame.length, wire, 1_000_000, linkType);
  return decoder.packet;
}

/** Names of the packet's anomalies. */
export function anomaliesOf(packet: Packet): string[] {
  return ANOMALY_NAMES.filter((_, code) => {
    const word = code < 32 ? packet.anomaliesLow : packet.anomaliesHigh;
    return (word & (1 << (code & 31))) !== 0;
  });
}

/**
 * Decodes every prefix of the frame, as a shorter frame and as a snapshot of the whole one, and
 * checks that no offset leaves the bytes. Returns the anomalies of each shorter frame, by size.
 */
export function truncations(frame: Uint8Array, linkType: number = LinkType.ethernet): string[][] {
  const found: string[][] = [];
  for (let size = 0; size < frame.length; size++) {
    const prefix = frame.slice(0, size);
    checkBounds(decode(prefix, linkType, frame.length));
    const packet = decode(prefix, linkType);
    checkBounds(packet);
    found.push(anomaliesOf(packet));
  }
  return found;
}

/** Everything a reader may follow without checking again. */
export function checkBounds(packet: Packet): void {
  const limit = packet.bytes.length;
  const within =
    (packet.payloadSize === 0 || packet.payloadAt + packet.payloadSize <= limit) &&
    packet.payloadSize >= 0 &&
    packet.payloadWireSize >= packet.payloadSize &&
    packet.tcpOptionsSize >= 0 &&
    packet.tcpOptionsAt + packet.tcpOptionsSize <= limit &&
    (packet.transport === Transport.none || packet.transportAt <= limit);
  // One assertion for all, since this runs for every prefix of every frame.
  if (!within) expect(packet).toBe('within its bytes');
}
