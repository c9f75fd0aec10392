import { tcpFrame, udpFrame } from '../../generate/frames.js';
import type { PcapWriter, TimedFrame } from '../../generate/pcap-writer.js';

const START_US = 1_795_000_000_000_000;
const SECONDS = 10;
const ANSWERS = 150;
const QUESTIONS = 120;

const hex = (digits: string): Uint8Array => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const text = (words: string): Uint8Array => Buffer.from(words);

/** What open services answer from their ports. */
const SERVICES: [port: number, answer: Uint8Array][] = [
  [389, Buffer.concat([hex('30 84 00000bff 020107 64 84 00000bf3'), Buffer.alloc(400)])],
  [1900, text('HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: upnp:rootdevice\r\n\r\n')],
  [11_211, Buffer.concat([hex('0000 0000 0001 0000'), text('STAT pid 1\r\nSTAT uptime 2\r\n')])],
  [161, Buffer.concat([hex('30 29 020101 0406'), text('public'), hex('a2 1c'), Buffer.alloc(28)])],
  [3702, text(`<?xml version="1.0"?><Envelope>${'ProbeMatches '.repeat(20)}</Envelope>`)],
  [123, Buffer.concat([hex('d7 00 032a'), Buffer.alloc(440)])],
];
const QUESTION = hex('1234 0100 0001 0000 0000 0000 0000 02 0001');

export function write(writer: PcapWriter): void {
  const frames: TimedFrame[] = [];
  const at = (share: number): number => START_US + Math.floor(share * SECONDS * 1_000_000);
  for (let second = 0; second < SECONDS; second++)
    // Answers of ours pass the sensor.
    frames.push({ timeUs: at(second / SECONDS), frame: ours(second) });
  for (let reflector = 0; reflector < 2 * SERVICES.length; reflector++)
    for (let index = 0; index < ANSWERS; index++) {
      const [sourcePort, payload] = SERVICES[reflector % SERVICES.length];
      const host = reflector < SERVICES.length ? 9 : 1 + index;
      const frame = udpFrame({
        source: `192.0.2.${10 + reflector}`,
        destination: `198.51.100.${host}`,
        sourcePort,
        destinationPort: 1024 + ((index * 7919 + reflector * 31) % 60_000),
        payload,
      });
      frames.push({ timeUs: at((index + reflector / 100) / ANSWERS), frame });
    }
  for (let index = 0; index < QUESTIONS; index++) {
    const ends = { source: '203.0.113.66', destination: `198.51.100.${1 + index}` };
    const frame = udpFrame({ ...ends, sourcePort: 53, destinationPort: 53, payload: QUESTION });
    frames.push({ timeUs: at((index + 0.5) / QUESTIONS), frame });
  }
  frames.sort((left, right) => left.timeUs - right.timeUs);
  for (const { timeUs, frame } of frames) writer.write(timeUs, frame);
}

function ours(second: number): Uint8Array {
  const ends = { source: '198.51.100.1', destination: '192.0.2.200' };
  return tcpFrame({ ...ends, sourcePort: 50_000 + second, destinationPort: 443, flags: 'A' });
}
