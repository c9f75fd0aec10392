/** Redis as larger sites run it: behind Sentinel, as a Cluster, over TLS. All of it on loopback. */
import { setTimeout as pause } from 'node:timers/promises';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';

import { RedisServer } from './redis-server.js';

export interface Topology {
  url: string;
  /** Kills a primary that holds keys; resolves when every key has a primary again. */
  failOver(): Promise<void>;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const MASTER = 'picket-test';
const DOWN_AFTER_MS = 1_000;
const SETTLE_MS_MAX = 30_000;
const SLOTS = 16_384;
const PRIMARIES = 3;
const DURABLE = ['--appendonly', 'yes', '--bind', HOST];

interface Node {
  server: RedisServer;
  port: number;
}

/** A primary, its replica, and a Sentinel that promotes the replica when the primary is gone. */
export async function startSentinel(): Promise<Topology> {
  const [primary, replica, sentinel] = await freePorts(3);
  const nodes = [
    { server: new RedisServer([...DURABLE, '--port', String(primary)]), port: primary },
    {
      server: new RedisServer([
        ...[...DURABLE, '--port', String(replica)],
        ...['--replicaof', HOST, String(primary)],
      ]),
      port: replica,
    },
  ];
  for (const { server } of nodes) await server.start();
  const watcher = new RedisServer(
    ['--port', String(sentinel), '--bind', HOST],
    [
      `sentinel monitor ${MASTER} ${HOST} ${primary} 1`,
      `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${MASTER} 5000`,
    ],
  );
  await watcher.start();
  const isWritten = () => on(nodes[0].port, (client) => client.wait(1, 0));
  await until('the replica follows', async () => (await isWritten()) === 1);
  await until('Sentinel knows the replica', async () =>
    on(
      sentinel,
      async (client) => ((await client.call('SENTINEL', 'REPLICAS', MASTER)) as []).length > 0,
    ),
  );
  return {
    url: `redis+sentinel://${HOST}:${sentinel}/${MASTER}`,
    failOver: async () => {
      await isWritten();
      await nodes[0].server.kill('SIGKILL');
      await until('the replica is promoted', () => on(replica, isPrimary));
    },
    close: () => closeAll([...nodes.map(({ server }) => server), watcher]),
  };
}

/** Three primaries with a third of the slots each, and a replica of each. */
export async function startCluster(): Promise<Topology> {
  const ports = await freePorts(PRIMARIES * 2);
  const buses = await freePorts(PRIMARIES * 2);
  const nodes: Node[] = ports.map((port, index) => {
    const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(buses[index])];
    const times = ['--cluster-node-timeout', String(DOWN_AFTER_MS)];
    return {
      server: new RedisServer([...DURABLE, '--port', String(port), ...cluster, ...times]),
      port,
    };
  });
  for (const { server } of nodes) await server.start();
  for (const [index, { port }] of nodes.entries()) {
    await on(port, (client) => client.call('CLUSTER', 'MEET', HOST, ports[0], buses[0]));
    if (index >= PRIMARIES) continue;
    const from = Math.ceil((index * SLOTS) / PRIMARIES);
    const to = Math.ceil(((index + 1) * SLOTS) / PRIMARIES) - 1;
    await on(port, (client) => client.call('CLUSTER', 'ADDSLOTSRANGE', from, to));
  }
  for (const { port } of nodes) {
    await until('the nodes know each other', async () =>
      (await clusterInfo(port)).includes(':6\r'),
    );
  }
  const ids = await Promise.all(
    ports.map((port) => on(port, (client) => client.call('CLUSTER', 'MYID') as Promise<string>)),
  );
  for (const [index, id] of ids.slice(0, PRIMARIES).entries()) {
    const replicate = () =>
      on(ports[index + PRIMARIES], (client) => client.call('CLUSTER', 'REPLICATE', id));
    await until(
      'a replica has its primary',
      async () => (await replicate().catch(() => '')) === 'OK',
    );
  }
  const isWhole = async (port: number) => (await clusterInfo(port)).includes('cluster_state:ok');
  const isWritten = (port: number) => on(port, (client) => client.wait(1, 0));
  for (const port of ports) await until('the cluster is whole', () => isWhole(port));
  for (const port of ports.slice(0, PRIMARIES))
    await until('the replicas follow', async () => (await isWritten(port)) === 1);
  return {
    url: `redis+cluster://${ports.map((port) => `${HOST}:${port}`).join(',')}`,
    failOver: async () => {
      await isWritten(ports[0]);
      await nodes[0].server.kill('SIGKILL');
      await until('its replica is promoted', () => on(ports[PRIMARIES], isPrimary));
      for (const port of ports.slice(1)) await until('the cluster is whole', () => isWhole(port));
    },
    close: () => closeAll(nodes.map(({ server }) => server)),
  };
}

/** Why there can be no TLS server here, or null. */
export const tlsMissing: string | null =
  spawnSync('openssl', ['version']).status === 0 ? null : 'no openssl to make a certificate with';

/** One server that speaks TLS only, with a certificate of an authority of its own. */
export async function startTls(): Promise<Omit<Topology, 'failOver'>> {
  const folder = mkdtempSync(join(tmpdir(), 'picket-tls-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', `subjectAltName=IP:${HOST},DNS:localhost`, '-keyout', key, '-out', certificate],
  ]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr.toString()}`);
  const [port] = await freePorts(1);
  const server = new RedisServer([
    ...['--bind', HOST, '--tls-port', String(port), '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', certificate, '--tls-key-file', key],
  ]);
  await server.start();
  return {
    url: `rediss://${HOST}:${port}?ca=${certificate}`,
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers)
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

/** One question to one node. */
async function on<T>(port: number, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ host: HOST, port, retryStrategy: null, disableClientInfo: true });
  client.on('error', () => {});
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

const clusterInfo = (port: number) =>
  on(port, (client) => client.call('CLUSTER', 'INFO') as Promise<string>);

async function isPrimary(client: Redis): Promise<boolean> {
  return ((await client.call('ROLE')) as unknown[])[0] === 'master';
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + SETTLE_MS_MAX;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain: ${what}`);
    await pause(50);
  }
}

async function closeAll(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.close()));
}
