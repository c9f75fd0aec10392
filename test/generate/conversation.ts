/** A TCP connection that succeeds: handshake, a request, an answer, an orderly close. */
import { tcpFrame } from './frames.js';
import type { TimedFrame } from './pcap-writer.js';
import { mix32 } from './random.js';
import { LINUX_SYN } from './scanners.js';

export interface Conversation {
  client: string;
  server: string;
  clientPort: number;
  serverPort: number;
  startUs: number;
  /** Bytes of the request and of the answer. @defaultValue 300 and 1200 */
  requestSize?: number;
  answerSize?: number;
  /** Time between two packets. @defaultValue 2000 */
  stepUs?: number;
}

export function conversationFrames(conversation: Conversation): TimedFrame[] {
  const { client, server, clientPort, serverPort, startUs, stepUs = 2000 } = conversation;
  const sequences = { client: mix32(clientPort, 1), server: mix32(clientPort, 2) };
  const frames: TimedFrame[] = [];
  const send = (side: 'client' | 'server', flags: string, payloadSize = 0): void => {
    const up = side === 'client';
    const other = up ? 'server' : 'client';
    const frame = tcpFrame({
      source: up ? client : server,
      destination: up ? server : client,
      sourcePort: up ? clientPort : serverPort,
      destinationPort: up ? serverPort : clientPort,
      flags,
      sequence: sequences[side],
      acknowledgement: flags.includes('A') ? sequences[other] : 0,
      window: 64240,
      ttl: up ? 57 : 63,
      id: mix32(clientPort, frames.length) & 0xffff,
      options: flags.includes('S') ? LINUX_SYN : new Uint8Array(0),
      payload: new Uint8Array(payloadSize).fill(0x61),
    });
    frames.push({ timeUs: startUs + frames.length * stepUs, frame });
    sequences[side] = (sequences[side] + payloadSize + (/[SF]/.test(flags) ? 1 : 0)) >>> 0;
  };
  send('client', 'S');
  send('server', 'SA');
  send('client', 'A');
  send('client', 'PA', conversation.requestSize ?? 300);
  send('server', 'PA', conversation.answerSize ?? 1200);
  send('client', 'FA');
  send('server', 'FA');
  send('client', 'A');
  return frames;
}
