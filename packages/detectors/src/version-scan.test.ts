import { describe, expect, it } from 'vitest';
import { guessTools } from '../../plugin-api/src/index.js';
import { judge, type Listened, type Said, windowOf } from './testkit/said.js';
import { versionScan } from './version-scan.js';

const verdicts = (said: Said[], listened: Listened[] = []) =>
  judge(versionScan, windowOf(said, listened));

describe('version_scan', () => {
  it('fires for two probes that open connections after the silence, at two services', () => {
    const [verdict] = verdicts([
      { what: 'GetRequest', port: 80, afterWait: true },
      { what: 'SSLSessionReq', port: 443, afterWait: true },
    ]);
    expect(verdict).toMatchObject({ kind: 'version_scan', count: 2, severity: 2 });
    expect(verdict?.evidence).toMatchObject({
      payloads: ['GetRequest', 'SSLSessionReq'],
      ports: ['tcp/443', 'tcp/80'],
      services: 2,
    });
    expect(verdict?.reasons).toContain('+ 2 services probed after a silence');
  });

  it('fires for one service: a late request, then what -sV asks a web server next', () => {
    const said: Said[] = [{ what: 'GetRequest', afterWait: true }];
    expect(verdicts(said)).toEqual([]);
    expect(verdicts([...said, { what: 'hnap-info' }])).toHaveLength(1);
  });

  it('fires for the same late probe at two services', () => {
    const probe: Said = { what: 'GetRequest', afterWait: true };
    expect(
      verdicts([
        { ...probe, target: 1 },
        { ...probe, target: 2 },
      ]),
    ).toHaveLength(1);
  });

  it('fires for a probe that only the tool sends, with one more', () => {
    expect(verdicts([{ what: 'Kerberos', port: 88 }])).toEqual([]);
    expect(
      verdicts([
        { what: 'Kerberos', port: 88 },
        { what: 'RPCCheck', port: 88 },
      ]),
    ).toHaveLength(1);
  });

  it('fires for three probes of one service that a client could send, and not for two', () => {
    const probes: Said[] = ['GetRequest', 'GenericLines', 'Help'].map((what) => ({
      what,
      port: 25,
    }));
    const [verdict] = verdicts(probes);
    expect(verdict?.confidence).toBeLessThan(0.7);
    expect(verdict?.reasons).toContain('- each of the probes could be a client’s');
    expect(verdicts(probes.slice(1))).toEqual([]);
    expect(verdicts(probes.map((probe, at) => ({ ...probe, target: at })))).toEqual([]);
  });

  it('fires for three services listened to and one probe, and not for two', () => {
    const listened: Listened[] = [{ port: 21 }, { port: 22 }, { port: 25 }];
    expect(verdicts([{ what: 'GetRequest' }], listened)).toHaveLength(1);
    expect(verdicts([{ what: 'GetRequest' }], listened.slice(1))).toEqual([]);
  });

  it('does not fire for a monitor that listens to many services and asks nothing known', () => {
    const listened = Array.from({ length: 20 }, (_, port) => ({ port: port + 1 }));
    expect(verdicts([], listened)).toEqual([]);
    expect(verdicts([{ what: 7, port: 443 }], listened)).toEqual([]);
  });

  it('does not fire for health checks in HTTP 1.0, however many', () => {
    const checks = Array.from({ length: 30 }, (_, target): Said[] => [
      { what: 'GetRequest', target, count: 50 },
      { what: 'HTTPOptions', target, count: 50 },
    ]);
    expect(verdicts(checks.flat())).toEqual([]);
  });

  it('does not fire for scripts: they send weak probes too, but at once', () => {
    const said: Said[] = [
      'NSE user agent',
      'GetRequest',
      'TLSSessionReq',
      'SSLSessionReq',
      'Help',
    ].map((what) => ({ what, port: 8080 }));
    expect(verdicts(said, [{ port: 21 }, { port: 22 }, { port: 25 }])).toEqual([]);
  });

  it('does not fire for the payloads of a UDP port scan, but for five at one service', () => {
    const names = ['RPCCheck', 'DNSStatusRequest', 'SNMPv3GetRequest', 'NTPRequest', 'NBTStat'];
    const probes = names.map((name, at): Said => ({ what: `udp ${name}`, port: 100 + at }));
    expect(verdicts(probes)).toEqual([]);
    const [verdict] = verdicts(probes.map((probe) => ({ ...probe, port: 100 })));
    expect(verdict).toMatchObject({ kind: 'version_scan', protocol: 17, probe: 'udp' });
  });

  it('forgets what was said before its window', () => {
    const window = windowOf([{ what: 'Kerberos' }, { what: 'RPCCheck' }]);
    expect(judge(versionScan, window, 599)).toHaveLength(1);
    expect(judge(versionScan, window, 602)).toEqual([]);
  });

  it('does not concern a source that said nothing', () => {
    const window = windowOf([], [{ port: 22 }]);
    expect(versionScan.concerns(window, versionScan.config.parse({}))).toBe(false);
  });
});

describe('guessTools, by payload', () => {
  const tool = (said: Said[]) => guessTools(windowOf(said))[0];

  it('is sure of nmap by what only it says, and less by a late probe', () => {
    expect(tool([{ what: 'Kerberos' }])).toEqual({ name: 'nmap', confidence: 0.97 });
    expect(tool([{ what: 'GetRequest', afterWait: true }])).toEqual({
      name: 'nmap',
      confidence: 0.85,
    });
    expect(tool([{ what: 'GetRequest' }])).toBeUndefined();
  });

  it('knows masscan and zgrab by their user agents', () => {
    expect(tool([{ what: 'Masscan user agent' }])?.name).toBe('masscan');
    expect(tool([{ what: 'ZGrab user agent' }])?.name).toBe('zgrab');
  });

  it('takes portions of 64 cipher suites for ssl-enum-ciphers, and one for a client', () => {
    expect(tool([{ what: 'ssl-enum-ciphers', count: 4 }])).toEqual({
      name: 'nmap',
      confidence: 0.8,
    });
    expect(tool([{ what: 'ssl-enum-ciphers', count: 3 }])).toBeUndefined();
  });
});
