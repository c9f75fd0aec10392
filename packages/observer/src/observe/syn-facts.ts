/**
 * All that a signature and `shapeTraits` are made of, cheaper to compare than to make either: two
 * SYNs with equal facts have equal ones. Twin: `class SynFacts` in `syn_signature.h`.
 */
import type { Packet } from '../decode/packet.js';

const OPTIONS_SIZE_MAX = 40;
const TCP_OFFSET_AT = 12;

export class SynFacts {
  private isTaken = false;
  private ipVersion = 0;
  private ttl = 0;
  private tos = 0;
  private dontFragment = false;
  private ipReservedBit = false;
  private ipOptionsSize = 0;
  private tcpFlags = 0;
  private tcpWindow = 0;
  /** The byte that has the header's size: options behind the snapshot are part of it. */
  private offset = 0;
  private optionsSize = 0;
  private readonly options = new Uint8Array(OPTIONS_SIZE_MAX);

  /** Only of SYNs whose numbers are the usual ones; of any other nothing is remembered. */
  take(packet: Packet): void {
    this.isTaken = hasUsualNumbers(packet);
    if (!this.isTaken) return;
    this.ipVersion = packet.ipVersion;
    this.ttl = packet.ttl;
    this.tos = packet.tos;
    this.dontFragment = packet.dontFragment;
    this.ipReservedBit = packet.ipReservedBit;
    this.ipOptionsSize = packet.ipOptionsSize;
    this.tcpFlags = packet.tcpFlags;
    this.tcpWindow = packet.tcpWindow;
    this.offset = packet.bytes[packet.transportAt + TCP_OFFSET_AT];
    this.optionsSize = packet.tcpOptionsSize;
    const at = packet.tcpOptionsAt;
    for (let byte = 0; byte < this.optionsSize; byte++) {
      this.options[byte] = packet.bytes[at + byte];
    }
  }

  match(packet: Packet): boolean {
    if (
      !this.isTaken ||
      this.tcpWindow !== packet.tcpWindow ||
      this.ttl !== packet.ttl ||
      this.optionsSize !== packet.tcpOptionsSize ||
      this.tcpFlags !== packet.tcpFlags ||
      this.tos !== packet.tos ||
      this.dontFragment !== packet.dontFragment ||
      this.ipVersion !== packet.ipVersion ||
      this.ipReservedBit !== packet.ipReservedBit ||
      this.ipOptionsSize !== packet.ipOptionsSize ||
      !hasUsualNumbers(packet)
    )
      return false;
    const { bytes } = packet;
    if (this.offset !== bytes[packet.transportAt + TCP_OFFSET_AT]) return false;
    const at = packet.tcpOptionsAt;
    for (let byte = 0; byte < this.optionsSize; byte++) {
      if (this.options[byte] !== bytes[at + byte]) return false;
    }
    return true;
  }
}

/** Identification and sequence number are not 0, all that a SYN has no use for is. */
function hasUsualNumbers(packet: Packet): boolean {
  return (
    (packet.tcpAck | packet.tcpUrgent | packet.flowLabel | packet.payloadWireSize) === 0 &&
    packet.ipId !== 0 &&
    packet.tcpSeq !== 0
  );
}
