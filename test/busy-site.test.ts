/** Many clients of one operating system at once, from all over: neither a flood nor a scan. */
import { describe, expect, it } from 'vitest';
import { conversationFrames } from './generate/conversation.js';
import type { TimedFrame } from './generate/pcap-writer.js';
import { Random } from './generate/random.js';
import { configOf, eventsOfFrames } from './support/in-process.js';

const START_US = 1_795_000_000_000_000;
const SECONDS = 4;

interface Site {
  hosts: number;
  /** Connections a second. */
  rate: number;
  /** Packet to packet, half a round trip; varied by half. */
  stepMs: number;
  /** Our answers pass the sensor. */
  isTwoWay: boolean;
}

function visit({ hosts, rate, stepMs, isTwoWay }: Site): TimedFrame[] {
  const random = new Random(7);
  const frames: TimedFrame[] = [];
  for (let n = 0; n < rate * SECONDS; n++) {
    const client = [20 + random.below(150), random.below(256), random.below(256), 9].join('.');
    const conversation = conversationFrames({
      client,
      server: `198.51.100.${1 + random.below(hosts)}`,
      clientPort: 20_000 + random.below(40_000),
      serverPort: 443,
      startUs: START_US + Math.floor((n * 1e6) / rate),
      stepUs: Math.floor(stepMs * 1000 * (0.5 + random.fraction())),
    });
    // Source addresses begin at byte 26 of an Ethernet frame.
    for (const one of conversation) if (isTwoWay || one.frame[26] !== 198) frames.push(one);
  }
  return frames.sort((left, right) => left.timeUs - right.timeUs);
}

describe('a busy site is no flood and not scanned', () => {
  const config = configOf({ home_nets: ['198.51.100.0/24'] });
  it.each<Site>([
    { hosts: 2, rate: 1500, stepMs: 40, isTwoWay: true },
    { hosts: 100, rate: 1500, stepMs: 40, isTwoWay: true },
    { hosts: 100, rate: 1500, stepMs: 450, isTwoWay: true },
    { hosts: 2, rate: 1500, stepMs: 40, isTwoWay: false },
    { hosts: 100, rate: 1500, stepMs: 40, isTwoWay: false },
  ])('%j', (site) => {
    const events = eventsOfFrames(visit(site), config);
    expect(events.map((event) => JSON.stringify(event).slice(0, 200))).toEqual([]);
  });
});
