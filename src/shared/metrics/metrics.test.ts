import { describe, expect, it } from 'vitest';
import { parseListenAddress } from './address.js';
import { Exposition, type MetricSections } from './exposition.js';
import { serveMetrics } from './server.js';

const help = (section: string, counter: string) =>
  section === 'capture' && counter === 'dropped' ? 'packets were dropped' : null;
const exposition = new Exposition({ info: { command: 'run' }, help });

async function linesOf(sections: MetricSections): Promise<string[]> {
  const text = await exposition.text(sections);
  return text.split('\n').filter((line) => line.includes('picket_'));
}

describe('the address to listen on', () => {
  it.each([
    ['127.0.0.1:9477', { host: '127.0.0.1', port: 9477 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['[fe80::1%eth0]:9477', { host: 'fe80::1%eth0', port: 9477 }],
    ['sensor-1.lan:80', { host: 'sensor-1.lan', port: 80 }],
    [':9477', { host: null, port: 9477 }],
  ])('%s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  it.each(['', '9477', 'host:', 'host:port', '1.2.3.4:65536', '::1:9477', '[::1]', 'http://a:1'])(
    'is not %j',
    (text) => {
      expect(parseListenAddress(text)).toBeNull();
    },
  );
});

describe('exposition', () => {
  it('tells counters from levels, says times in seconds and what a loss means', async () => {
    const lines = await linesOf({
      capture: { dropped: 0, frames: 7 },
      transport: { leases_held: 2, commit_ms: 1500 },
    });
    expect(lines).toEqual([
      '# HELP picket_capture_dropped_total Packets were dropped.',
      '# TYPE picket_capture_dropped_total counter',
      'picket_capture_dropped_total 0',
      '# HELP picket_capture_frames_total Frames of capture.',
      '# TYPE picket_capture_frames_total counter',
      'picket_capture_frames_total 7',
      '# HELP picket_transport_leases_held Leases_held of transport.',
      '# TYPE picket_transport_leases_held gauge',
      'picket_transport_leases_held 2',
      '# HELP picket_transport_commit_seconds_total Commit_ms of transport.',
      '# TYPE picket_transport_commit_seconds_total counter',
      'picket_transport_commit_seconds_total 1.5',
      '# HELP picket_info What runs here; always 1.',
      '# TYPE picket_info gauge',
      'picket_info{command="run"} 1',
    ]);
  });

  it('says what is live in the units of Prometheus, as levels', async () => {
    const capture = { busy_us: 2_500_000, lag_us: 12_000, packets_per_s: 40, lost_percent: 0.5 };
    const lines = (await linesOf({ capture })).filter((line) => line.startsWith('picket_capture'));
    expect(lines).toEqual([
      'picket_capture_busy_seconds_total 2.5',
      'picket_capture_lag_seconds 0.012',
      'picket_capture_packets_per_second 40',
      'picket_capture_lost_percent 0.5',
    ]);
  });

  it('makes labels of what follows a dot', async () => {
    const lines = await linesOf({
      capture: { 'anomaly.port_zero': 3 },
      transport: { 'rejected.a"b\n\u001b': 1, 'lag_s.7': 0.25 },
      fleet: { 'members.worker': 2 },
    });
    expect(lines).toContain('picket_capture_anomaly_total{kind="port_zero"} 3');
    expect(lines).toContain('picket_transport_rejected_total{reason="a\\"b??"} 1');
    expect(lines).toContain('picket_transport_lag_seconds{shard="7"} 0.25');
    expect(lines).toContain('picket_fleet_members{role="worker"} 2');
  });

  it('bounds the series of a metric, and leaves out what is no number', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => [`rejected.r${index}`, 1]);
    const lines = await linesOf({ transport: { ...Object.fromEntries(many), items: Number.NaN } });
    expect(lines.filter((line) => line.startsWith('picket_transport_rejected'))).toHaveLength(257);
    expect(lines.join('\n')).not.toContain('items');
  });

  it('shows the process under the names every Node program has', async () => {
    const text = await exposition.text({});
    expect(text).toMatch(/^process_resident_memory_bytes [1-9]/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  });
});

describe('the server', () => {
  it.each(['127.0.0.1:0', '[::1]:0'])('shows metrics at %s and nothing else', async (listen) => {
    const server = await serveMetrics(listen, 'text/plain; version=0.0.4', async () => 'a 1\n');
    const answer = await fetch(`http://${server.address}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(await answer.text()).toBe('a 1\n');
    expect((await fetch(`http://${server.address}/`)).status).toBe(404);
    const post = await fetch(`http://${server.address}/metrics`, { method: 'POST' });
    expect(post.status).toBe(405);
    server.close();
  });

  it('reads the counters once for all who ask at the same time', async () => {
    let reads = 0;
    const server = await serveMetrics('127.0.0.1:0', 'text/plain', async () => {
      reads++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return String(reads);
    });
    const url = `http://${server.address}/metrics`;
    const pages = await Promise.all([1, 2, 3].map(async () => (await fetch(url)).text()));
    expect(pages).toEqual(['1', '1', '1']);
    server.close();
  });

  it('answers 500 with the reason when the counters cannot be read, and goes on', async () => {
    const server = await serveMetrics('127.0.0.1:0', 'text/plain', () =>
      Promise.reject(new Error('away')),
    );
    const answer = await fetch(`http://${server.address}/metrics`);
    expect([answer.status, await answer.text()]).toEqual([
      500,
      'The counters cannot be read: Error: away.\n',
    ]);
    server.close();
  });

  it('says in one sentence why it cannot listen', async () => {
    const text = async () => '';
    const first = await serveMetrics('127.0.0.1:0', '', text);
    await expect(serveMetrics(first.address, '', text)).rejects.toMatchObject({
      code: 'metrics-unavailable',
      exitStatus: 2,
      message:
        `metrics.listen: ${first.address} cannot be used: another program listens there; ` +
        'name another port, or 0 for any.',
    });
    first.close();
    await expect(serveMetrics('192.0.2.1:9', '', text)).rejects.toThrow('no such address');
    await expect(serveMetrics('nonsense', '', text)).rejects.toThrow('it is not host:port');
  });
});
