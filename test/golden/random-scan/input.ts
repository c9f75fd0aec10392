import { burstFrames } from '../../generate/bursts.js';
import type { PcapWriter } from '../../generate/pcap-writer.js';

export function write(writer: PcapWriter): void {
  const frames = burstFrames([{ across: 'pairs', count: 300, fromS: 0, toS: 30 }]);
  for (const { timeUs, frame } of frames) writer.write(timeUs, frame);
}
