/** Keeps BullMQ's queues small and short-lived, whoever writes there and whether anybody reads. */
import type { QueueNames } from './keys.js';
import { type RedisClient, Script } from './redis.js';

/** Given up at one look: a script must not hold Redis up. */
const DROP_MAX = 1_000;

/** What BullMQ makes for a queue of ours. */
const USUAL_KEYS = ['wait', 'active', 'marker', 'events', 'meta', 'id'];

/**
 * Every key BullMQ may make for a queue, since anybody may write there; but those that expire by
 * themselves: a longer life of `limiter` would be a longer pause.
 */
const ALL_KEYS = [
  ...USUAL_KEYS,
  ...['completed', 'failed', 'delayed', 'paused', 'prioritized', 'pc', 'stalled'],
  ...['waiting-children', 'de'],
];

const KEEP = new Script(`
-- KEYS job, others. ARGV keep ms.
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[1]) end
return 0`);

const TIDY = new Script(`
-- KEYS wait, active, others. ARGV key of a job without its id, waiting max, which of them go, drop
-- max, keep ms, ids of active jobs to give up. Returns how many waiting ones were given up, then
-- the active ids.
local function drop(list, id)
  redis.call('LREM', list, 0, id)
  redis.call('DEL', ARGV[1] .. id, ARGV[1] .. id .. ':lock')
end
local excess = math.min(redis.call('LLEN', KEYS[1]) - ARGV[2], tonumber(ARGV[4]))
local answer = { math.max(excess, 0) }
if excess > 0 then
  -- The newest are on the left.
  local first, last = 0, excess - 1
  if ARGV[3] == 'oldest' then first, last = -excess, -1 end
  for _, id in ipairs(redis.call('LRANGE', KEYS[1], first, last)) do drop(KEYS[1], id) end
end
for i = 6, #ARGV do drop(KEYS[2], ARGV[i]) end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[5]) end
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, 99)) do answer[#answer + 1] = id end
return answer`);

/** After a job has been added: it and its queue are gone when nobody adds for `keepMs`. */
export async function keepQueue(
  client: RedisClient,
  names: QueueNames,
  jobId: string,
  keepMs: number,
): Promise<void> {
  await KEEP.run(
    client,
    [jobId, ...USUAL_KEYS].map((key) => baseOf(names) + key),
    [keepMs],
  );
}

export interface Bounds {
  /** Jobs that may wait, and which of them are given up when more do. */
  waitingMax: number;
  giveUp: 'oldest' | 'newest';
  keepMs: number;
  /** Ids of active jobs that nobody will finish: they are given up, never done again. */
  abandoned?: readonly string[];
}

export interface Tidied {
  /** Waiting jobs given up, since there were too many. */
  dropped: number;
  /** Job ids that some process has taken. */
  active: string[];
}

export async function tidyQueue(
  client: RedisClient,
  names: QueueNames,
  { waitingMax, giveUp, keepMs, abandoned = [] }: Bounds,
): Promise<Tidied> {
  const base = baseOf(names);
  const keys = ALL_KEYS.map((name) => base + name);
  const words = [base, waitingMax, giveUp, DROP_MAX, keepMs, ...abandoned];
  const answer = await TIDY.run(client, keys, words);
  const [dropped, ...active] = Array.isArray(answer) ? answer : [0];
  return { dropped: Number(dropped), active: active.map(String) };
}

function baseOf({ prefix, queue }: QueueNames): string {
  return `${prefix}:${queue}:`;
}
