/**
 * Where Redis (or Valkey) is, as one URL:
 *
 *   redis://user:password@host:6379/0            rediss:// is the same over TLS
 *   unix:///run/redis/redis.sock?db=0
 *   redis+sentinel://h1:26379,h2:26379/mymaster  rediss+sentinel:// for TLS to the servers
 *   redis+cluster://h1:6379,h2:6379              rediss+cluster://
 *
 * Query: `ca`, `cert`, `key` (PEM files), `servername`, `db`, `user`, `password_file`. User and
 * password are percent-encoded. A password in a file, or the whole URL in PICKET_REDIS_URL, stays
 * out of the process list.
 */
import { readFileSync } from 'node:fs';
import { PicketError } from '../../shared/errors.js';

export interface RedisTarget {
  kind: 'single' | 'socket' | 'sentinel' | 'cluster';
  hosts: { host: string; port: number }[];
  /** Socket path, or the Sentinel's name of the master; else empty. */
  name: string;
  db: number;
  username?: string;
  password?: string;
  tls: { ca?: string; cert?: string; key?: string; servername?: string } | null;
  /** The URL without its secrets, for logs. */
  label: string;
}

const SCHEMES: Record<string, { kind: RedisTarget['kind']; tls: boolean; port: number }> = {
  redis: { kind: 'single', tls: false, port: 6379 },
  rediss: { kind: 'single', tls: true, port: 6379 },
  unix: { kind: 'socket', tls: false, port: 0 },
  'redis+sentinel': { kind: 'sentinel', tls: false, port: 26379 },
  'rediss+sentinel': { kind: 'sentinel', tls: true, port: 26379 },
  'redis+cluster': { kind: 'cluster', tls: false, port: 6379 },
  'rediss+cluster': { kind: 'cluster', tls: true, port: 6379 },
};
const QUERY = new Set(['ca', 'cert', 'key', 'servername', 'db', 'user', 'password_file']);
/** `[^@]*`: an @ in a password must be written %40, so the first one ends it. */
const URL_FORM = /^([a-z+]+):\/\/(?:([^@/?]*)@)?([^/?]*)(\/[^?]*)?(?:\?(.*))?$/;
const DB_MAX = 1_000_000;

/** @throws PicketError `usage` naming what is wrong, never the password; files as they are read. */
export function parseRedisUrl(text: string): RedisTarget {
  const match = URL_FORM.exec(text);
  const scheme = match ? SCHEMES[match[1]] : undefined;
  if (!match || !scheme) throw wrong(`it begins with one of ${Object.keys(SCHEMES).join(', ')}://`);
  const [, name, userInfo = '', authority, path = '', search = ''] = match;
  const query = new URLSearchParams(search);
  for (const word of query.keys()) if (!QUERY.has(word)) throw wrong(`unknown option ${word}`);
  const { kind } = scheme;
  const isSocket = kind === 'socket';
  if (isSocket ? authority !== '' || path === '' : authority === '')
    throw wrong(isSocket ? 'a socket is unix:///its/path' : 'the host is missing');
  const hosts = isSocket ? [] : authority.split(',').map((host) => parseHost(host, scheme.port));
  if (kind === 'single' && hosts.length > 1)
    throw wrong('several hosts need +sentinel or +cluster');
  const steps = decode(path).split('/').slice(1);
  if (kind === 'sentinel' && !steps[0]) throw wrong('the name of the master is missing');
  const dbText = query.get('db') ?? (kind === 'single' ? steps[0] : '') ?? '';
  return {
    kind,
    hosts,
    name: isSocket ? decode(path) : kind === 'sentinel' ? steps[0] : '',
    db: parseDb(dbText),
    ...credentials(userInfo, query),
    tls: scheme.tls ? tlsFiles(query) : null,
    label: `${name}://${authority}${path}`,
  };
}

function parseHost(text: string, portDefault: number): { host: string; port: number } {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[2] ?? portDefault);
  if (!match || port < 1 || port > 65_535) throw wrong(`${text} is not a host and a port`);
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

function parseDb(text: string): number {
  if (!/^\d*$/.test(text) || Number(text) > DB_MAX) throw wrong('the database is a number');
  return Number(text);
}

function credentials(
  userInfo: string,
  query: URLSearchParams,
): Pick<RedisTarget, 'username' | 'password'> {
  const [user, ...rest] = userInfo.split(':');
  const username = query.get('user') ?? decode(user);
  const file = query.get('password_file');
  const password = file === null ? decode(rest.join(':')) : readText(file).trimEnd();
  return { ...(username !== '' && { username }), ...(password !== '' && { password }) };
}

function tlsFiles(query: URLSearchParams): NonNullable<RedisTarget['tls']> {
  const tls: NonNullable<RedisTarget['tls']> = {};
  for (const word of ['ca', 'cert', 'key'] as const) {
    const path = query.get(word);
    if (path !== null) tls[word] = readText(path);
  }
  const servername = query.get('servername');
  if (servername !== null) tls.servername = servername;
  return tls;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('something is not percent-encoded as it should be');
  }
}

function wrong(what: string): PicketError {
  return new PicketError('usage', `The Redis URL cannot be used: ${what}.`);
}
