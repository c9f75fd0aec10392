/**
 * A smoke screen: spoofed sources flood a server, and a scanner tries its ports meanwhile, always
 * when the flood of the second has grown.
 */
import { ipv4Number } from './address.js';
import type { PcapWriter } from './pcap-writer.js';
import { mix32 } from './random.js';
import { SCANNERS } from './scanners.js';
import { Tcp4, writeTcp4 } from './tcp4.js';

export interface SmokeScreenParameters {
  target: string;
  /** SYNs of the flood to port 80, one of each source, and how many of them a second. */
  floodCount: number;
  floodPerSecond: number;
  scanner: string;
  /** Ports tried, from 1001 on, and how many in the second half of each second. */
  ports: number;
  portsPerSecond: number;
  startUs: number;
  seed: number;
}

export const SMOKE_SCREEN_DEFAULTS: SmokeScreenParameters = {
  target: '10.10.0.80',
  floodCount: 200_000,
  floodPerSecond: 40_000,
  scanner: '203.0.113.66',
  ports: 150,
  portsPerSecond: 30,
  startUs: 1_795_000_000_000_000,
  seed: 11,
};

/** Spoofed sources are drawn from 64.0.0.0 to 127.255.255.255. */
const SPOOFED_FIRST = 64 * 2 ** 24;

export function writeSmokeScreen(writer: PcapWriter, parameters: SmokeScreenParameters): void {
  const { floodCount, floodPerSecond, ports, portsPerSecond, startUs, seed } = parameters;
  const spoofed = new Tcp4();
  const probe = new Tcp4();
  probe.source = ipv4Number(parameters.scanner);
  probe.sourcePort = 50_123;
  probe.destination = ipv4Number(parameters.target);
  spoofed.destination = probe.destination;
  spoofed.destinationPort = 80;
  const probeOffsetUs = (tried: number): number =>
    (Math.floor(tried / portsPerSecond) + 0.5 + (0.5 * (tried % portsPerSecond)) / portsPerSecond) *
    1_000_000;
  let tried = 0;
  for (let index = 0; index < floodCount; index++) {
    const offsetUs = Math.floor((index * 1_000_000) / floodPerSecond);
    for (; tried < ports && probeOffsetUs(tried) <= offsetUs; tried++) {
      probe.destinationPort = 1001 + tried;
      SCANNERS['masscan-1.3'].fill(probe, seed);
      writeTcp4(writer, startUs + offsetUs, probe);
    }
    spoofed.source = SPOOFED_FIRST + (mix32(index, seed) >>> 6);
    spoofed.sourcePort = 1024 + (index % 60_000);
    SCANNERS.hping3.fill(spoofed, mix32(index, seed));
    writeTcp4(writer, startUs + offsetUs, spoofed);
  }
}
