import { expect, it } from 'vitest';
import { levelsOf } from './fleet-levels.js';

it('tells depth, checkpoint and holder by shard, and who runs', () => {
  const shard = { id: '0', owner: 'w', waiting: 2, active: 1, journalEntries: 5 };
  const member = { id: 'w', host: 'h', pid: 1, partitions: [], stats: {} };
  const levels = levelsOf({
    partitions: [
      { ...shard, snapshotBytes: 2048 },
      { ...shard, id: 'correlator', owner: null, snapshotBytes: 0 },
    ],
    members: [
      { ...member, role: 'worker, correlator' },
      { ...member, role: 'worker' },
    ],
    deadLetters: 3,
    redisUsedBytes: 9,
  });
  expect(levels).toEqual({
    dead_letters: 3,
    redis_used_bytes: 9,
    lease_owners: 1,
    shards_unheld: 1,
    'members.sensor': 0,
    'members.worker': 2,
    'members.correlator': 1,
    'queue_waiting.0': 2,
    'queue_active.0': 1,
    'journal_entries.0': 5,
    'checkpoint_bytes.0': 2048,
    'held.0': 1,
    'queue_waiting.correlator': 2,
    'queue_active.correlator': 1,
    'journal_entries.correlator': 5,
    'checkpoint_bytes.correlator': 0,
    'held.correlator': 0,
  });
});
