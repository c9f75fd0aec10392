/** A SYN flood from spoofed sources, each used once, with one real scanner somewhere in it. */
import { ipv4Block, ipv4Number } from './address.js';
import { cachedCapture } from './cache.js';
import type { PcapWriter } from './pcap-writer.js';
import { Permutation } from './random.js';
import { SCANNERS } from './scanners.js';
import { Tcp4, writeTcp4 } from './tcp4.js';

export interface FloodParameters {
  /** Distinct spoofed sources, one SYN each; at most 3 billion. */
  sourceCount: number;
  target: string;
  port: number;
  /** Ports from `port` on that are flooded in turn; one when absent. */
  portCount?: number;
  /** Hosts from `target` on that are flooded in turn; one when absent. */
  hostCount?: number;
  ratePerSecond: number;
  startUs: number;
  /** The block that is protected and swept by the scanner. */
  home: string;
  /** The real scanner: one SYN to port 445 of each of `scanTargets` addresses of the block. */
  scanner: string;
  scanTargets: number;
  scanRatePerSecond: number;
  seed: number;
}

export const FLOOD_DEFAULTS: FloodParameters = {
  sourceCount: 10_000_000,
  target: '10.10.0.80',
  port: 80,
  ratePerSecond: 200_000,
  startUs: 1_795_000_000_000_000,
  home: '10.10.0.0/16',
  scanner: '203.0.113.66',
  scanTargets: 200,
  scanRatePerSecond: 20,
  seed: 3,
};

export function floodCapture(changes: Partial<FloodParameters> = {}): string {
  const parameters = { ...FLOOD_DEFAULTS, ...changes };
  return cachedCapture('flood', parameters, (writer) => writeFlood(writer, parameters));
}

/** Unicast space spoofed sources are drawn from: 11.0.0.0 to 126.255.255.255, then 128 to 191. */
const LOW_FIRST = 11 * 2 ** 24;
const LOW_COUNT = 116 * 2 ** 24;
const HIGH_FIRST = 128 * 2 ** 24;
const HIGH_COUNT = 64 * 2 ** 24;

/** Starts scanning after a fifth of the flood, when the tables are full of one-packet sources. */
export function writeFlood(writer: PcapWriter, parameters: FloodParameters): void {
  const order = new Permutation(LOW_COUNT + HIGH_COUNT, parameters.seed);
  const { first } = ipv4Block(parameters.home);
  const target = ipv4Number(parameters.target);
  const gapUs = 1_000_000 / parameters.ratePerSecond;
  const scanGapUs = 1_000_000 / parameters.scanRatePerSecond;
  const scanStartUs = parameters.startUs + (parameters.sourceCount * gapUs) / 5;
  const spoofed = new Tcp4();
  const probe = new Tcp4();
  probe.source = ipv4Number(parameters.scanner);
  probe.sourcePort = 40007;
  probe.destinationPort = 445;
  let probeCount = 0;
  for (let index = 0; index < parameters.sourceCount; index++) {
    const timeUs = Math.floor(parameters.startUs + index * gapUs);
    while (probeCount < parameters.scanTargets && scanStartUs + probeCount * scanGapUs <= timeUs) {
      probe.destination = first + 256 + probeCount;
      SCANNERS['masscan-1.3'].fill(probe, parameters.seed);
      writeTcp4(writer, Math.floor(scanStartUs + probeCount * scanGapUs), probe);
      probeCount++;
    }
    const place = order.at(index);
    spoofed.source = place < LOW_COUNT ? LOW_FIRST + place : HIGH_FIRST + place - LOW_COUNT;
    spoofed.destination = target + (index % (parameters.hostCount ?? 1));
    spoofed.destinationPort = parameters.port + (index % (parameters.portCount ?? 1));
    spoofed.sourcePort = 1024 + (place % 60000);
    SCANNERS.hping3.fill(spoofed, parameters.seed);
    writeTcp4(writer, timeUs, spoofed);
  }
}
