/** Transfers to one server outside that were under way when the capture began: no handshake. */
import { tcpFrame } from './frames.js';
import type { TimedFrame } from './pcap-writer.js';

const SERVER = '203.0.113.9';
const SEGMENT_SIZE = 1448;
/** NOP, NOP, timestamps: what Linux sends on every segment after the handshake. */
const TIMESTAMPS = Uint8Array.of(1, 1, 8, 10, 0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0);
/** Between two segments of one host. */
const STEP_US = 1250;
/** A program writes 64 KiB at a time: what ends it is pushed. */
const PUSHED_EVERY = 44;
const START_US = 1.795e15;

/** `hostCount` hosts from 10.10.1.1 on send `segmentCount` each; every other is acknowledged. */
export function uploadFrames(hostCount: number, segmentCount: number): TimedFrame[] {
  const frames: TimedFrame[] = [];
  const add = (timeUs: number, host: number, flags: string, sent: number, size: number): void => {
    const isOurs = size > 0;
    const [ours, theirs] = [`10.10.1.${host + 1}`, SERVER];
    const frame = tcpFrame({
      ...(isOurs ? { source: ours, destination: theirs } : { source: theirs, destination: ours }),
      sourcePort: isOurs ? 40000 + host : 443,
      destinationPort: isOurs ? 443 : 40000 + host,
      flags,
      sequence: isOurs ? sent * SEGMENT_SIZE : 77,
      acknowledgement: isOurs ? 77 : sent * SEGMENT_SIZE,
      window: 500,
      options: TIMESTAMPS,
      payload: new Uint8Array(size).fill(0x9c),
    });
    frames.push({ timeUs, frame });
  };
  for (let host = 0; host < hostCount; host++) {
    for (let sent = 0; sent < segmentCount; sent++) {
      const timeUs = START_US + sent * STEP_US + ((host * 463) % STEP_US);
      const isPushed = (sent + host * 31) % PUSHED_EVERY === 0;
      add(timeUs, host, isPushed ? 'PA' : 'A', sent, SEGMENT_SIZE);
      if (sent % 2 === 1) add(timeUs + 50 + host, host, 'A', sent + 1, 0);
    }
  }
  return frames.sort((left, right) => left.timeUs - right.timeUs);
}
