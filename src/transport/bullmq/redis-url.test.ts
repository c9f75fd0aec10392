import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from './redis-url.js';

describe('Redis URL', () => {
  it('reads host, port, database, user and password', () => {
    expect(parseRedisUrl('redis://10.0.0.1')).toMatchObject({
      kind: 'single',
      hosts: [{ host: '10.0.0.1', port: 6379 }],
      db: 0,
      tls: null,
    });
    expect(parseRedisUrl('redis://ids:p%40ss@[::1]:7000/3')).toMatchObject({
      hosts: [{ host: '::1', port: 7000 }],
      db: 3,
      username: 'ids',
      password: 'p@ss',
    });
  });

  it('reads a socket, Sentinels and a Cluster', () => {
    expect(parseRedisUrl('unix:///run/r%20s.sock?db=2')).toMatchObject({
      kind: 'socket',
      name: '/run/r s.sock',
      db: 2,
    });
    expect(parseRedisUrl('redis+sentinel://a,b:26380/main')).toMatchObject({
      kind: 'sentinel',
      name: 'main',
      hosts: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 26380 },
      ],
    });
    expect(parseRedisUrl('rediss+cluster://a,b')).toMatchObject({ kind: 'cluster', tls: {} });
  });

  it('reads TLS files and a password file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'picket-url-'));
    const ca = join(folder, 'ca.pem');
    const secret = join(folder, 'secret');
    writeFileSync(ca, 'PEM');
    writeFileSync(secret, 'hush\n');
    const target = parseRedisUrl(`rediss://ids@r?ca=${ca}&password_file=${secret}&servername=s`);
    rmSync(folder, { recursive: true });
    expect(target).toMatchObject({ tls: { ca: 'PEM', servername: 's' }, password: 'hush' });
  });

  it('keeps the password out of its label and its errors', () => {
    expect(parseRedisUrl('redis://u:geheim@h/1').label).toBe('redis://h/1');
    for (const url of ['redis://u:geheim@h:99999', 'http://u:geheim@h', 'redis://u:geheim@h?x=1'])
      expect(() => parseRedisUrl(url)).toThrow(/^(?!.*geheim)/);
  });

  it.each([
    ['', /begins with/],
    ['redis://', /host is missing/],
    ['redis://a,b', /several hosts/],
    ['redis+sentinel://a', /name of the master/],
    ['unix://host/path', /unix:/],
    ['redis://h/x', /database/],
    ['redis://h?ca=/nowhere/ca.pem', /ENOENT|unknown/],
  ])('refuses %s', (url, message) => {
    const tls = url.includes('ca=') ? url.replace('redis:', 'rediss:') : url;
    expect(() => parseRedisUrl(tls)).toThrow(message);
  });
});
