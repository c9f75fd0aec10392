import { describe, expect, it } from 'vitest';
import { scriptScan } from './script-scan.js';
import { judge, type Said, windowOf } from './testkit/said.js';

const verdicts = (said: Said[], afterS = 1) => judge(scriptScan, windowOf(said), afterS);

/** Hellos with different cipher suites to one service; the first `obsolete` are old. */
const hellos = (count: number, obsolete: number, over: Partial<Said> = {}): Said[] =>
  Array.from({ length: count }, (_, shape) => {
    return { what: shape + 1, port: 443, obsolete: shape < obsolete, ...over };
  });

describe('script_scan', () => {
  it.each([
    ['NSE user agent', 80],
    ['ssh-hostkey', 22],
    ['smtp', 25],
    ['smb2', 445],
    ['smb-vuln-ms17-010', 445],
    ['nbstat', 137],
  ])('fires for %s alone', (what, port) => {
    const [verdict] = verdicts([{ what, port }]);
    expect(verdict).toMatchObject({ kind: 'script_scan', count: 1, severity: 2 });
    expect(verdict?.confidence).toBeGreaterThan(0.9);
    expect(verdict?.evidence).toMatchObject({ payloads: [what], services: 1 });
  });

  it('fires for three weaker ones and not for two, nor for one at many services', () => {
    const weak: Said[] = ['http-git', 'ftp-anon', 'sslv2'].map((what) => ({ what }));
    expect(verdicts(weak)[0]?.confidence).toBeLessThan(0.7);
    expect(verdicts(weak.slice(1))).toEqual([]);
    const crawl = Array.from({ length: 50 }, (_, target): Said => ({ what: 'http-git', target }));
    expect(verdicts(crawl)).toEqual([]);
  });

  it('does not take a pure version scan for scripts, though -sV runs some', () => {
    const version: Said[] = [
      { what: 'GetRequest', afterWait: true },
      { what: 'SSLSessionReq', port: 443, afterWait: true },
      { what: 'nmaplowercheck' },
      { what: 'vmware-version' },
      { what: 'hnap-info' },
      { what: 'http-trane-info' },
    ];
    expect(verdicts([...version, { what: 'NSE user agent', count: 4 }])).toEqual([]);
    // One more may be a redirect that was followed; two are requests of other scripts.
    expect(verdicts([...version, { what: 'NSE user agent', count: 5 }])).toEqual([]);
    expect(verdicts([...version, { what: 'NSE user agent', count: 6 }])).toHaveLength(1);
    expect(verdicts([...version, { what: 'NSE user agent', count: 2, port: 8080 }])).toHaveLength(
      1,
    );
  });

  it('does not fire for probes that -sV and scripts share', () => {
    const shared = ['SSLSessionReq', 'TLSSessionReq', 'mstshash', 'hnap-info', 'vmware-version'];
    expect(verdicts(shared.map((what) => ({ what })))).toEqual([]);
  });

  it('fires for ten different TLS hellos to one service in a minute, some of them old', () => {
    const [verdict] = verdicts(hellos(10, 3));
    expect(verdict).toMatchObject({ kind: 'script_scan', confidence: 0.85 });
    expect(verdict?.evidence).toMatchObject({ tls_hellos: 10 });
    expect(verdicts(hellos(9, 3))).toEqual([]);
    expect(verdicts(hellos(10, 3), 62)).toEqual([]);
  });

  it('does not fire for many clients behind one address: none asks for old versions', () => {
    expect(verdicts(hellos(30, 2))).toEqual([]);
  });

  it('does not add up hellos to different services', () => {
    const spread = hellos(20, 20).map((said, at) => ({ ...said, target: at % 5 }));
    expect(verdicts(spread)).toEqual([]);
  });

  it('forgets what was said before its window', () => {
    expect(verdicts([{ what: 'smtp' }], 599)).toHaveLength(1);
    expect(verdicts([{ what: 'smtp' }], 602)).toEqual([]);
  });

  it('shows samples that no terminal acts on', () => {
    const evidence = verdicts([{ what: 'nbstat', port: 137 }])[0]?.evidence as {
      samples: string[];
    };
    expect(evidence.samples[0]).toMatch(/^[\x20-\x7e]+$/);
  });
});
