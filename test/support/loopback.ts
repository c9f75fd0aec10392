import { createSocket } from 'node:dgram';

/** One datagram to a port of the loopback where nobody listens: a packet to be captured. */
export async function sendToLoopback(): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.send('picket', 9, '127.0.0.1', resolve));
  socket.close();
}
