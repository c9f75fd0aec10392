/**
 * How a live observer keeps up: levels over the last interval, from its cumulative counters. What
 * an observer cannot know is absent, never 0.
 */
import type { ObserverStats } from './contract.js';
import { type LossChange, LossWatch, lostPercentOf, rounded } from './loss-watch.js';

export interface LoadMeterOptions {
  /** Of each ring, in bytes. */
  ringSize: number;
  /** As `LossWatch`. */
  lossPercent: number;
  lossIntervals: number;
}

/**
 * What a frame takes of a ring beside its bytes (TPACKET_V3 as libpcap sets it up: record header,
 * address, room for a VLAN tag, alignment; net/packet/af_packet.c, tpacket_rcv).
 */
const RING_FRAME_OVERHEAD = 92;

/** What the levels mean, and `busy_us`; to follow a name. */
export const LOAD_MEANINGS: Readonly<Record<string, string>> = {
  busy_us: 'processor time of the observing threads',
  lag_us: 'the longest time a frame waited to be looked at, in the last ten seconds',
  waiting_frames: 'most frames that waited at once in a ring, in the last ten seconds; an estimate',
  packets_per_s: 'packets observed each second, over the last interval of stats',
  busy_ns_per_packet: 'processor time for each packet, over the last interval of stats',
  ring_used_percent: 'how full the fullest ring was at most; an estimate',
  lost_percent: 'share of the packets that was lost, over the last interval of stats',
  loss_alarm: '1 while a sustained loss of packets goes on',
};

export class LoadMeter {
  readonly #options: LoadMeterOptions;
  readonly #losses: LossWatch;
  #before: { stats: ObserverStats; nowMs: number };
  #levels: Record<string, number> = {};

  /** The first interval begins now, with every counter at 0. */
  constructor(options: LoadMeterOptions, nowMs: number) {
    this.#options = options;
    this.#before = { stats: {}, nowMs };
    this.#losses = new LossWatch(options.lossPercent, options.lossIntervals);
  }

  /** Ends an interval; says when a sustained loss began or ended. The clock never goes back. */
  sample(stats: ObserverStats, nowMs: number): LossChange | null {
    const before = this.#before;
    this.#before = { stats, nowMs };
    const durationMs = Math.max(1, nowMs - before.nowMs);
    const grown = (name: string): number =>
      Math.max(0, (stats[name] ?? 0) - (before.stats[name] ?? 0));
    const seen = grown('frames');
    const interval = {
      durationMs,
      seen,
      kernelDropped: grown('capture_kernel_dropped'),
      interfaceDropped: grown('capture_interface_dropped'),
    };
    const knowsLosses = stats.capture_losses_unknown === 0;
    const change = knowsLosses ? this.#losses.take(interval) : null;
    const { busy_us: busyUs, waiting_frames: waiting } = stats;
    this.#levels = {
      packets_per_s: Math.round((seen * 1000) / durationMs),
      ...(busyUs !== undefined &&
        seen > 0 && { busy_ns_per_packet: Math.round((grown('busy_us') * 1000) / seen) }),
      ...(waiting !== undefined && {
        ring_used_percent: this.#ringUsed(waiting, seen, grown('bytes'), interval.kernelDropped),
      }),
      ...(knowsLosses && {
        lost_percent: rounded(lostPercentOf(interval)),
        loss_alarm: this.#losses.isRaised ? 1 : 0,
      }),
    };
    return change;
  }

  /** Of the last interval; none before the first has ended. */
  levels(): Readonly<Record<string, number>> {
    return this.#levels;
  }

  /** Whole percent. A ring that lost a frame was full. */
  #ringUsed(waiting: number, seen: number, bytes: number, dropped: number): number {
    if (dropped > 0) return 100;
    const frameSize = (seen === 0 ? 0 : bytes / seen) + RING_FRAME_OVERHEAD;
    return Math.min(100, Math.round((100 * waiting * frameSize) / this.#options.ringSize));
  }
}
