import type { PcapWriter } from '../../generate/pcap-writer.js';
import { one, scannerSyn, spread, target } from '../../smallest/probes.js';

const SENDERS = [
  ['masscan-2023', '203.0.113.31'],
  ['zmap-4.1', '203.0.113.32'],
  ['mirai', '203.0.113.33'],
] as const;

export function write(writer: PcapWriter): void {
  const frames = spread(4, 60, (index, timeUs) =>
    SENDERS.flatMap(([scanner, source], order) =>
      one(timeUs + order, scannerSyn(scanner, target(index), 23, source)),
    ),
  );
  for (const { timeUs, frame } of frames) writer.write(timeUs, frame);
}
