/**
 * Small, exact cases around the thresholds: so many targets or ports, at such a pace, from one
 * source.
 */
import { ipv4Number, ipv4Text } from './address.js';
import { tcpFrame } from './frames.js';
import type { TimedFrame } from './pcap-writer.js';

export interface Burst {
  /** What differs from probe to probe: the target, the port of one target, or both. */
  across: 'targets' | 'ports' | 'pairs';
  count: number;
  /**
   * Probes are spread evenly from `fromS` to `toS`, seconds after `startUs`; the last is before
   * `toS`.
   */
  fromS: number;
  toS: number;
  /** Index of the first target or port, so that bursts can be disjoint. @defaultValue 0 */
  firstIndex?: number;
  source?: string;
}

/** The start lies in the middle of a second, so that bursts of whole seconds cross epochs. */
export const BURST_START_US = 1_795_000_000_250_000;
export const BURST_SOURCE = '203.0.113.9';
export const BURST_HOME = '198.51.100.0/24';
/** First target of bursts across targets and pairs, and the only one of bursts across ports. */
const TARGET_FIRST = ipv4Number('198.51.100.1');

/** One SYN per probe, in the shape of Nmap's; bursts must not overlap in time. */
export function burstFrames(bursts: Burst[]): TimedFrame[] {
  return bursts.flatMap((burst) =>
    Array.from({ length: burst.count }, (_, index) => {
      const gapUs = ((burst.toS - burst.fromS) * 1_000_000) / burst.count;
      const place = (burst.firstIndex ?? 0) + index;
      const timeUs = Math.floor(BURST_START_US + burst.fromS * 1_000_000 + index * gapUs);
      return { timeUs, frame: probeFrame(burst, place) };
    }),
  );
}

function probeFrame(burst: Burst, place: number): Uint8Array {
  // Pairs stay under both other thresholds: 20 targets, each probed on a few ports.
  const target = burst.across === 'ports' ? 0 : burst.across === 'pairs' ? place % 20 : place;
  const port =
    burst.across === 'targets'
      ? 445
      : burst.across === 'pairs'
        ? 1 + Math.floor(place / 20)
        : 1 + place;
  return tcpFrame({
    source: burst.source ?? BURST_SOURCE,
    destination: ipv4Text(TARGET_FIRST + target),
    sourcePort: 51234,
    destinationPort: port,
    sequence: 0x1b2c3d4e,
    ttl: 48,
    id: 1000 + place,
    dontFragment: false,
    options: Uint8Array.of(2, 4, 0x05, 0xb4),
  });
}
