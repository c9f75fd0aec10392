import { describe, expect, it } from 'vitest';
import type { FleetStatus } from '../../transport/bullmq/status.js';
import { statusPage } from './status.js';

const shard = {
  id: '0',
  owner: 'w',
  waiting: 2,
  active: 1,
  journalEntries: 5,
  snapshotBytes: 2048,
};
const calm: FleetStatus = { partitions: [shard], members: [], deadLetters: 0, redisUsedBytes: 0 };

describe('picket status', () => {
  it('shows who holds what', () => {
    const page = statusPage(calm);
    expect(page).toMatch(/^shard +waiting/);
    expect(page).toMatch(/0 +2 +1 +5 +2.0 KiB +w/);
    expect(page).toContain('No process is running');
  });

  it('lets no text from Redis reach the terminal', () => {
    const evil = 's\u001b[2J';
    const stats = { gaps: 1 };
    const member = { id: evil, role: 'sensor' as const, partitions: [], host: 'h', pid: 1, stats };
    const partitions = [{ ...shard, owner: evil }];
    const page = statusPage({ ...calm, partitions, members: [member] });
    expect(page).not.toContain('\u001b');
  });

  it('says what a sensor has not looked at', () => {
    const stats = { 'capture.frames': 10, 'capture.dropped': 7 };
    const sensor = { id: 's', role: 'sensor' as const, partitions: [], host: 'h', pid: 1, stats };
    expect(statusPage({ ...calm, members: [sensor] })).toMatch(/^! s: 7 packets were dropped by/m);
  });

  it('shows how each capture keeps up, and a dash for what it cannot tell', () => {
    const native = {
      ...{ 'capture.packets_per_s': 12_000, 'capture.busy_ns_per_packet': 310 },
      ...{ 'capture.lag_us': 11_400, 'capture.ring_used_percent': 3, 'capture.lost_percent': 0.25 },
      ...{ 'capture.loss_alarm': 1, 'capture.capture_kernel_dropped': 30 },
    };
    const typescript = { 'capture.packets_per_s': 40, 'capture.lag_us': 2000 };
    const members = [native, typescript].map((stats, at) => ({
      ...{ id: `s${at}`, role: 'sensor' as const, partitions: [], host: 'h', pid: 1, stats },
    }));
    const page = statusPage({ ...calm, members });
    expect(page).toMatch(/^! s0 keeps losing packets: 0.25 % lately$/m);
    expect(page).toMatch(/^s0 +12000 +310 +11 ms +3 % +0.25 % +30 +0$/m);
    expect(page).toMatch(/^s1 +40 +- +2 ms +- +- +- +-$/m);
  });

  it('says when the disk has failed the spool', () => {
    const stats = { spool_dropped_batches: 3, spool_disk_errors: 2 };
    const sensor = { id: 's', role: 'sensor' as const, partitions: [], host: 'h', pid: 1, stats };
    expect(statusPage({ ...calm, members: [sensor] })).toMatch(/^! s has lost 3 .*or its disk$/m);
  });

  it('puts alarms first: shards nobody holds, lost batches, dead letters', () => {
    const stats = { spool_dropped_batches: 3, gaps: 1 };
    const sensor = { id: 's', role: 'sensor' as const, partitions: [], host: 'h', pid: 1, stats };
    const bad = { ...calm, partitions: [{ ...shard, owner: null }], members: [sensor] };
    const lines = statusPage({ ...bad, deadLetters: 4 }).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      '! nobody holds 0',
      '! s has lost 3 batches: its spool was full',
      '! s went on without 1 missing batches',
      '! 4 batches could not be judged: dead letters',
    ]);
  });
});
