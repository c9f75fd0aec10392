import { conversationFrames } from '../../generate/conversation.js';
import type { PcapWriter } from '../../generate/pcap-writer.js';
import { refusedSyn, spread, target } from '../../smallest/probes.js';

export function write(writer: PcapWriter): void {
  const frames = spread(1, 1, (_, timeUs) => [
    ...conversationFrames({
      client: '203.0.113.20',
      server: target(0),
      clientPort: 40_000,
      serverPort: 80,
      startUs: timeUs,
    }),
    ...refusedSyn(timeUs + 100_000, target(0), 31_337),
  ]);
  for (const { timeUs, frame } of frames) writer.write(timeUs, frame);
}
