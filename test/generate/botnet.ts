/**
 * Many addresses that scan the same block at once, each all of it in an order of its own: what is
 * known of each is much, and none is one of a flood's.
 */
import { ipv4Block } from './address.js';
import { cachedCapture } from './cache.js';
import type { PcapWriter } from './pcap-writer.js';
import { mix32, Permutation } from './random.js';
import { SCANNERS, type ScannerName } from './scanners.js';
import { Tcp4, writeTcp4 } from './tcp4.js';

export interface BotnetParameters {
  scanner: ScannerName;
  sourceCount: number;
  /** The block swept, IPv4 CIDR, and the ports of each host. */
  home: string;
  ports: number[];
  /** Probes of all together. */
  ratePerSecond: number;
  startUs: number;
  seed: number;
}

export const BOTNET_DEFAULTS: BotnetParameters = {
  scanner: 'hping3',
  sourceCount: 4_000,
  home: '10.10.0.0/25',
  ports: [22, 23, 80, 443, 445],
  ratePerSecond: 120_000,
  startUs: 1_795_000_000_000_000,
  seed: 5,
};

/** Sources are drawn from 11.0.0.0 to 26.255.255.255; no two are the same. */
const FIRST_SOURCE = 11 * 2 ** 24;
const SOURCES = 2 ** 28;

export function botnetCapture(): string {
  return cachedCapture('botnet', BOTNET_DEFAULTS, (writer) => writeBotnet(writer, BOTNET_DEFAULTS));
}

/** The address of the first source. */
export function firstOfBotnet({ seed }: BotnetParameters): string {
  const address = FIRST_SOURCE + new Permutation(SOURCES, seed).at(0);
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** Writes one probe of each source after the other, until each has tried every pair. */
export function writeBotnet(writer: PcapWriter, parameters: BotnetParameters): void {
  const { sourceCount, ports, ratePerSecond, startUs, seed } = parameters;
  const { first, count } = ipv4Block(parameters.home);
  const pairCount = count * ports.length;
  const pairs = new Permutation(pairCount, seed);
  const sources = new Permutation(SOURCES, seed);
  const stack = SCANNERS[parameters.scanner];
  const probe = new Tcp4();
  for (let step = 0, index = 0; step < pairCount; step++) {
    for (let bot = 0; bot < sourceCount; bot++, index++) {
      const place = sources.at(bot);
      const pair = pairs.at((step + mix32(bot, seed)) % pairCount);
      probe.source = FIRST_SOURCE + place;
      probe.sourcePort = 1024 + (mix32(place, step) % 60000);
      probe.destination = first + (pair % count);
      probe.destinationPort = ports[Math.floor(pair / count)];
      stack.fill(probe, mix32(place, seed));
      writeTcp4(writer, Math.floor(startUs + (index * 1_000_000) / ratePerSecond), probe);
    }
  }
}
