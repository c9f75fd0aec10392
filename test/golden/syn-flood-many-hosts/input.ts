import { FLOOD_DEFAULTS, writeFlood } from '../../generate/flood.js';
import type { PcapWriter } from '../../generate/pcap-writer.js';

export function write(writer: PcapWriter): void {
  writeFlood(writer, {
    ...FLOOD_DEFAULTS,
    sourceCount: 20_000,
    ratePerSecond: 1000,
    hostCount: 250,
    portCount: 40,
  });
}
