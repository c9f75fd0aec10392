/** What is not caught, said plainly. */
import { udpFrame } from '../generate/frames.js';
import type { TimedFrame } from '../generate/pcap-writer.js';
import { hello, member, one, said, scannerSyn, spread, systemSyn, target } from './probes.js';
import { DAY, FIVE_MINUTES, MINUTE } from './scan.js';

/** What nobody should expect, with traffic of which nothing is said. */
export interface OutOfReach {
  technique: string;
  why: string;
  frames(): TimedFrame[];
}

export const OUT_OF_REACH: readonly OutOfReach[] = [
  {
    technique: '19 probes a day without a mark, by a user-space stack',
    why: 'one fewer than `slow_scan` takes for evidence',
    frames: () =>
      spread(19, DAY, (index, timeUs) => one(timeUs, scannerSyn('hping3', target(index), 22))),
  },
  {
    technique: 'One probe each from 99 addresses, ordinary stack',
    why: 'one fewer than the distributed kinds ask for; no address has done anything twice',
    frames: () =>
      spread(99, FIVE_MINUTES, (index, timeUs) =>
        one(timeUs, systemSyn(target(0), 1 + index, member(index))),
      ),
  },
  {
    technique: '100 ports of one host divided between two addresses',
    why: 'the distributed kinds ask for five ordinary addresses, or three with a user-space stack',
    frames: () =>
      spread(100, MINUTE, (index, timeUs) =>
        one(timeUs, systemSyn(target(0), 1 + index, member(index % 2))),
      ),
  },
  {
    technique: 'A UDP scan divided among many addresses',
    why: 'a datagram has no stack’s fingerprint that would tie them together',
    frames: () =>
      spread(100, MINUTE, (index, timeUs) =>
        one(
          timeUs,
          udpFrame({
            source: member(index % 10),
            destination: target(0),
            sourcePort: 41_000 + index,
            destinationPort: 1024 + index,
            payload: new Uint8Array(12).fill(0x55),
          }),
        ),
      ),
  },
  {
    technique: 'Requests to open services only, as a client makes them',
    why: 'nothing fails and nothing is marked: who was told where to go looks like a client',
    frames: () =>
      spread(60, 600, (index, timeUs) =>
        said(timeUs, target(index), 443, 40_000 + index, hello(0)),
      ),
  },
  {
    technique: 'TLS cipher enumeration of one service that offers TLS 1.2 and newer only',
    why: 'it looks like many clients behind one address; hellos below TLS 1.2 are what tells',
    frames: () =>
      spread(30, 10, (index, timeUs) =>
        said(timeUs, target(0), 443, 40_000 + index, hello(2 * index)),
      ),
  },
];
