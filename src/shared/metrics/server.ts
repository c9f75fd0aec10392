/** Shows text at `/metrics` over HTTP, and nothing else. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PicketError } from '../errors.js';
import { parseListenAddress } from './address.js';

export interface MetricsServer {
  /** Where it listens, as in a URL: `127.0.0.1:9477`, `[::1]:9477`. */
  readonly address: string;
  close(): void;
}

/** However many ask, the counters are read this often at most. */
const FRESH_MS = 250;
const CONNECTIONS_MAX = 32;
const REQUEST_MS_MAX = 5_000;

/**
 * Listens until `close`; does not keep the process alive. `text` is asked at a request, and one
 * answer serves those that come meanwhile and shortly after.
 * @throws PicketError `metrics-unavailable` when the address cannot be listened on.
 */
export async function serveMetrics(
  listen: string,
  contentType: string,
  text: () => Promise<string>,
): Promise<MetricsServer> {
  const read = shared(text);
  const server = createServer(
    { requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX },
    ({ method, url }, response) => {
      if (url?.split('?')[0] !== '/metrics')
        return answer(response, 404, 'Metrics are at /metrics.\n');
      if (method !== 'GET' && method !== 'HEAD') return answer(response, 405, 'Ask with GET.\n');
      read().then(
        (page) => answer(response, 200, method === 'HEAD' ? '' : page, contentType),
        (error) => answer(response, 500, `The counters cannot be read: ${error}.\n`),
      );
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  await listening(server, listen);
  server.unref();
  return {
    address: addressOf(server),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type }).end(text);
}

function shared(text: () => Promise<string>): () => Promise<string> {
  let page: Promise<string> | null = null;
  let freshUntilMs = 0;
  return () => {
    if (page !== null && performance.now() < freshUntilMs) return page;
    const asked = text();
    page = asked;
    freshUntilMs = Number.POSITIVE_INFINITY;
    const settle = (): void => {
      freshUntilMs = performance.now() + FRESH_MS;
    };
    asked.then(settle, settle);
    return asked;
  };
}

async function listening(server: Server, listen: string): Promise<void> {
  const address = parseListenAddress(listen);
  if (address === null) throw unavailable(listen, 'it is not host:port, as 127.0.0.1:9477');
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = REASONS[error.code ?? ''] ?? error.message;
      reject(unavailable(listen, why));
    });
    const { host, port } = address;
    server.listen({ port, ...(host !== null && { host }) }, resolve);
  });
  // Of a connection that breaks later, nothing is to be done.
  server.on('error', () => {});
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; name another port, or 0 for any',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'ports below 1024 need privileges; name one above',
  ENOTFOUND: 'no such host is known',
};

function unavailable(listen: string, why: string): PicketError {
  const text = `metrics.listen: ${listen} cannot be used: ${why}.`;
  return new PicketError('metrics-unavailable', text);
}

function addressOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
