import { ethernet, icmpFrame, udpPacket } from '../../generate/frames.js';
import type { PcapWriter } from '../../generate/pcap-writer.js';
import { answered, SOURCE, spread, target } from '../../smallest/probes.js';

export function write(writer: PcapWriter): void {
  for (const { timeUs, frame } of spread(120, 30, refusedDatagram)) writer.write(timeUs, frame);
}

/** A datagram and the port unreachable that quotes it, RFC 792. */
function refusedDatagram(index: number, timeUs: number) {
  const datagram = udpPacket({
    source: SOURCE,
    destination: target(0),
    sourcePort: 41_000,
    destinationPort: 2000 + index,
    ttl: 57,
  });
  const unreachable = icmpFrame({
    source: target(0),
    destination: SOURCE,
    type: 3,
    code: 3,
    payload: datagram.subarray(0, 28),
  });
  return answered(timeUs, ethernet(datagram), unreachable);
}
