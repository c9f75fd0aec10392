/** Both ends of an idle scan (Nmap idle_scan.cc), as the protected side sees them. */
import { tcpFrame, udpFrame } from '../generate/frames.js';
import type { TimedFrame } from '../generate/pcap-writer.js';
import { answered, nmapProbe, one, SOURCE, spread, STEP_US, target } from './probes.js';

/** A protected host is asked for its IP ID, again and again; before that it has spoken. */
export function zombieFrames(count: number, overS: number): TimedFrame[] {
  const zombie = target(0);
  const before = spread(1, 1, (_, timeUs) =>
    one(
      timeUs - 1_000_000,
      udpFrame({
        source: zombie,
        destination: '192.0.2.53',
        sourcePort: 40_000,
        destinationPort: 53,
        payload: new Uint8Array(24),
      }),
    ),
  );
  const asked = spread(count, overS, (index, timeUs) => {
    const acknowledgement = 0x2222_0000;
    const probe = nmapProbe({
      destination: zombie,
      sourcePort: 52_000 + index,
      destinationPort: 80,
      flags: 'SA',
      sequence: 0x1111_0000 + index,
      acknowledgement,
      options: Uint8Array.of(2, 4, 0x05, 0xb4),
    });
    const reset = tcpFrame({
      source: zombie,
      destination: SOURCE,
      sourcePort: 80,
      destinationPort: 52_000 + index,
      flags: 'R',
      sequence: acknowledgement,
      window: 0,
      ttl: 63,
      id: 9000 + index,
    });
    return answered(timeUs, probe, reset);
  });
  return [...before, ...asked];
}

/** SYNs in the zombie's name from Nmap's raw socket, SYN-ACKs, and the zombie's own resets. */
export function idleTargetFrames(count: number, overS: number): TimedFrame[] {
  return spread(count, overS, (index, timeUs) => {
    const destinationPort = 20 + index;
    const sequence = 0x3333_0000;
    const syn = nmapProbe({ sourcePort: 80, destinationPort, sequence, ttl: 38 + index });
    const answer = tcpFrame({
      source: target(0),
      destination: SOURCE,
      sourcePort: destinationPort,
      destinationPort: 80,
      flags: 'SA',
      sequence: 0x4444_0000 + index,
      acknowledgement: sequence + 1,
      window: 64_240,
      ttl: 63,
      options: Uint8Array.of(2, 4, 0x05, 0xb4),
    });
    const reset = tcpFrame({
      source: SOURCE,
      destination: target(0),
      sourcePort: 80,
      destinationPort,
      flags: 'R',
      sequence: sequence + 1,
      window: 0,
      ttl: 121,
      id: 5000 + index,
    });
    return [...answered(timeUs, syn, answer), ...one(timeUs + 2 * STEP_US, reset)];
  });
}
