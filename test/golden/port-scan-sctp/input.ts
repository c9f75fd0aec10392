import type { PcapWriter } from '../../generate/pcap-writer.js';
import { one, sctpInit, spread, target } from '../../smallest/probes.js';

export function write(writer: PcapWriter): void {
  const frames = spread(120, 30, (index, timeUs) => one(timeUs, sctpInit(target(0), 1 + index)));
  for (const { timeUs, frame } of frames) writer.write(timeUs, frame);
}
