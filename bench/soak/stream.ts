/** A capture without end: busy seconds and flood seconds in turn, and one patient scanner. */
import { ipv4Block, ipv4Number } from '../../test/generate/address.js';
import { FLOOD_DEFAULTS, writeFlood } from '../../test/generate/flood.js';
import { MIXED_DEFAULTS, writeMixed } from '../../test/generate/mixed.js';
import type { PcapWriter } from '../../test/generate/pcap-writer.js';
import { Tcp4, writeTcp4 } from '../../test/generate/tcp4.js';

export const STREAM_SCANNER = '203.0.113.99';
const RATE = 50_000;
const PROBE_EVERY_S = 10;
const SECOND_US = 1_000_000;

/** Writes the capture's second number `second`. Each has sources and connections of its own. */
export function writeSecond(writer: PcapWriter, second: number): void {
  const startUs = MIXED_DEFAULTS.startUs + second * SECOND_US;
  const same = { startUs, ratePerSecond: RATE, seed: second };
  if (second % PROBE_EVERY_S === 0) writeProbe(writer, startUs, second / PROBE_EVERY_S);
  if (second % 2 === 0) writeMixed(writer, { ...MIXED_DEFAULTS, ...same, packetCount: RATE });
  else writeFlood(writer, { ...FLOOD_DEFAULTS, ...same, sourceCount: RATE, scanTargets: 0 });
}

/** A raw SYN to the next host: under every threshold of a minute, for hours. */
function writeProbe(writer: PcapWriter, timeUs: number, number: number): void {
  const probe = new Tcp4();
  probe.source = ipv4Number(STREAM_SCANNER);
  probe.destination = ipv4Block(MIXED_DEFAULTS.home).first + 20_000 + (number % 40_000);
  probe.sourcePort = 41_000;
  probe.destinationPort = 22;
  probe.sequence = number * 7919;
  writeTcp4(writer, timeUs, probe);
}
