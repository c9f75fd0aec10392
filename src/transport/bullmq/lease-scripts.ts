/**
 * What the holder of a partition's lease may do, each in one atomic step that first compares the
 * fencing token: who was paused past its lease, and woke up to a new holder, changes nothing.
 */
import type { Partition } from './keys.js';
import { type RedisClient, Script } from './redis.js';

/** Answers of the scripts that write. */
const FENCED = 'fenced';

const ACQUIRE = new Script(`
-- KEYS lease, tokens. ARGV owner, nonce, lease ms, keep ms. Returns the token, or false when held.
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
local token = redis.call('INCR', KEYS[2]) .. '.' .. ARGV[2]
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', token)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return token`);

const RENEW = new Script(`
-- KEYS lease. ARGV token, lease ms. Returns 1 while held.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

const RELEASE = new Script(`
-- KEYS lease. ARGV token.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);

const COMMIT = new Script(`
-- KEYS lease, journal, handed-on. ARGV token, journal length before, handed on up to, keep ms,
-- entries. Sent again after a lost answer it finds the journal longer and adds nothing.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return '${FENCED}' end
if redis.call('LLEN', KEYS[2]) == tonumber(ARGV[2]) then
  for i = 5, #ARGV, 1000 do
    redis.call('RPUSH', KEYS[2], unpack(ARGV, i, math.min(i + 999, #ARGV)))
  end
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
return 'ok'`);

const CHECKPOINT = new Script(`
-- KEYS lease, journal, handed-on, snapshot. ARGV token, snapshot, handed on up to, keep ms.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return '${FENCED}' end
redis.call('SET', KEYS[4], ARGV[2], 'PX', ARGV[4])
redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
redis.call('DEL', KEYS[2])
return 'ok'`);

const REQUEUE = new Script(`
-- KEYS lease, active, wait, marker, stalled. ARGV token, key of a job without its id, ids or none.
-- Active jobs, those of the ids if there are any, go back to the head of the queue, oldest first.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return -1 end
local chosen = {}
for i = 3, #ARGV do chosen[ARGV[i]] = true end
local ids = {}
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if #ARGV == 2 or chosen[id] then ids[#ids + 1] = id end
end
table.sort(ids, function(a, b) return (tonumber(a) or 0) > (tonumber(b) or 0) end)
for _, id in ipairs(ids) do
  redis.call('LREM', KEYS[2], 1, id)
  redis.call('DEL', ARGV[2] .. id .. ':lock')
  redis.call('SREM', KEYS[5], id)
  redis.call('RPUSH', KEYS[3], id)
end
if #ids > 0 then redis.call('ZADD', KEYS[4], 0, '0') end
return #ids`);

export interface LeaseTimes {
  /** A lease not renewed for this long is free, milliseconds. */
  leaseMs: number;
  /** Everything else expires when untouched for this long, milliseconds. */
  keepMs: number;
}

/** The fencing token, or null while somebody holds the lease. `nonce` makes it unguessable. */
export async function acquireLease(
  client: RedisClient,
  { lease, tokens }: Partition,
  owner: string,
  nonce: string,
  { leaseMs, keepMs }: LeaseTimes,
): Promise<string | null> {
  const token = await ACQUIRE.run(client, [lease, tokens], [owner, nonce, leaseMs, keepMs]);
  return typeof token === 'string' ? token : null;
}

export async function renewLease(
  client: RedisClient,
  { lease }: Partition,
  token: string,
  { leaseMs }: LeaseTimes,
): Promise<boolean> {
  return (await RENEW.run(client, [lease], [token, leaseMs])) === 1;
}

/** False when the lease was somebody else's, or nobody's. */
export async function releaseLease(
  client: RedisClient,
  { lease }: Partition,
  token: string,
): Promise<boolean> {
  return (await RELEASE.run(client, [lease], [token])) === 1;
}

export async function ownerOf(client: RedisClient, { lease }: Partition): Promise<string | null> {
  return await client.hget(lease, 'owner');
}

/** A partition's state with the right to change it. */
export class Held {
  constructor(
    readonly client: RedisClient,
    readonly partition: Partition,
    readonly token: string,
    readonly keepMs: number,
  ) {}

  /** What the last holder left: the state, what was applied since, and what of it was handed on. */
  async read(): Promise<{ snapshot: Buffer | null; journal: Buffer[]; handedOn: number }> {
    const { snapshot, journal, handedOn } = this.partition;
    return {
      snapshot: await this.client.getBuffer(snapshot),
      journal: await this.client.lrangeBuffer(journal, 0, -1),
      handedOn: Number((await this.client.get(handedOn)) ?? 0),
    };
  }

  /** Appends to the journal. False when the lease is lost: nothing was written. */
  async commit(journalCount: number, handedOn: number, entries: Buffer[]): Promise<boolean> {
    const { lease, journal, handedOn: mark } = this.partition;
    const words = [this.token, journalCount, handedOn, this.keepMs, ...entries];
    return (await COMMIT.run(this.client, [lease, journal, mark], words)) !== FENCED;
  }

  /** Replaces snapshot and journal by a new snapshot. False when the lease is lost. */
  async checkpoint(snapshot: Buffer, handedOn: number): Promise<boolean> {
    const { lease, journal, handedOn: mark, snapshot: key } = this.partition;
    const words = [this.token, snapshot, handedOn, this.keepMs];
    return (await CHECKPOINT.run(this.client, [lease, journal, mark, key], words)) !== FENCED;
  }

  /** Ids of the jobs that somebody is processing, or was. */
  async activeIds(): Promise<string[]> {
    const { prefix, queue } = this.partition;
    const active = `${prefix}:${queue}:active`;
    const ids = await this.client.lrange(active, 0, -1);
    // Whoever dies now leaves it to nobody.
    if (ids.length > 0) await this.client.pexpire(active, this.keepMs);
    return ids;
  }

  /**
   * Puts back what is being processed: everything, or only `ids`. Returns how many jobs; -1 when
   * the lease is lost.
   */
  async requeue(ids: readonly string[] = []): Promise<number> {
    const { lease, prefix, queue } = this.partition;
    const base = `${prefix}:${queue}:`;
    const keys = [lease, ...['active', 'wait', 'marker', 'stalled'].map((key) => base + key)];
    return Number(await REQUEUE.run(this.client, keys, [this.token, base, ...ids]));
  }
}
