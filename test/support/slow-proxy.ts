/** A TCP proxy that delays what passes and breaks connections, by a fixed pattern. */
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export class SlowProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  broken = 0;

  /** Every `breakEvery`-th piece of data breaks its connection, `breaksMax` times. */
  constructor(
    readonly path: string,
    readonly delayMs: number,
    readonly breakEvery: number,
    readonly breaksMax: number,
  ) {
    let pieces = 0;
    this.#server = createServer((client) => {
      const upstream = createConnection(path);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ]) {
        this.#sockets.add(from);
        from.on('data', (bytes) => {
          pieces++;
          if (this.broken < breaksMax && pieces % breakEvery === 0) {
            this.broken++;
            client.destroy();
            upstream.destroy();
            return;
          }
          setTimeout(() => to.writable && to.write(bytes), delayMs);
        });
        from.on('error', () => {});
        from.on('close', () => {
          this.#sockets.delete(from);
          setTimeout(() => to.destroy(), delayMs);
        });
      }
    });
  }

  /** Listens on a free port of the loopback interface; returns the URL. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
