import { ipv4Number, ipv4Text } from '../../generate/address.js';
import { conversationFrames } from '../../generate/conversation.js';
import type { PcapWriter } from '../../generate/pcap-writer.js';

const SERVER_COUNT = 120;
const START_US = 1_795_000_000_250_000;
/** Five connections a second: the last begins after 24 seconds. */
const GAP_US = 200_000;

export function write(writer: PcapWriter): void {
  for (let index = 0; index < SERVER_COUNT; index++) {
    const frames = conversationFrames({
      client: '203.0.113.20',
      server: ipv4Text(ipv4Number('198.51.100.10') + index),
      clientPort: 40000 + index,
      serverPort: 443,
      startUs: START_US + index * GAP_US,
    });
    for (const { timeUs, frame } of frames) writer.write(timeUs, frame);
  }
}
