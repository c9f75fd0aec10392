/** Keeps the keys of an inbox few and short-lived, whoever writes there. */
import type { Inbox } from './keys.js';
import { type RedisClient, Script } from './redis.js';

/** Commands that wait for one process. */
export const WAITING_MAX = 64;
/** An inbox that nobody looks after is gone after this. */
const KEEP_MS = 600_000;
/** Given up at one look: a script must not hold Redis up. */
const DROP_MAX = 1_000;

/**
 * Every key BullMQ may make for a queue, `wait` and `active` first, but those that expire by
 * themselves: a longer life of `limiter` would be a longer pause.
 */
const KEYS = [
  ...['wait', 'active', 'completed', 'failed', 'delayed', 'paused', 'prioritized', 'pc', 'marker'],
  ...['events', 'meta', 'id', 'stalled', 'waiting-children', 'de'],
];

const TIDY = new Script(`
-- KEYS wait, active, others. ARGV key of a job without its id, waiting max, drop max, keep ms, ids
-- of active jobs to give up. Returns how many waiting ones were given up, then the active ids.
local function drop(list, id)
  redis.call('LREM', list, 0, id)
  redis.call('DEL', ARGV[1] .. id, ARGV[1] .. id .. ':lock')
end
local excess = math.min(redis.call('LLEN', KEYS[1]) - ARGV[2], tonumber(ARGV[3]))
local answer = { math.max(excess, 0) }
if excess > 0 then
  -- The newest are on the left.
  for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, excess - 1)) do drop(KEYS[1], id) end
end
for i = 5, #ARGV do drop(KEYS[2], ARGV[i]) end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[4]) end
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, 99)) do answer[#answer + 1] = id end
return answer`);

export interface Tidied {
  /** Waiting commands given up, since there were too many. */
  dropped: number;
  /** Job ids that some process has taken. */
  active: string[];
}

/** `abandoned` are active jobs that nobody will finish: they are given up, never done again. */
export async function tidyInbox(
  client: RedisClient,
  { prefix, queue }: Inbox,
  abandoned: readonly string[] = [],
): Promise<Tidied> {
  const base = `${prefix}:${queue}:`;
  const keys = KEYS.map((name) => base + name);
  const words = [base, WAITING_MAX, DROP_MAX, KEEP_MS, ...abandoned];
  const answer = await TIDY.run(client, keys, words);
  const [dropped, ...active] = Array.isArray(answer) ? answer : [0];
  return { dropped: Number(dropped), active: active.map(String) };
}

/** The clock of Redis, milliseconds since 1970: the one that all processes share. */
export async function redisTimeMs(client: RedisClient): Promise<number> {
  const [seconds, microseconds] = await client.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
