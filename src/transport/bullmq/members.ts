/** Which processes are there: each says so every second, and is forgotten when it stops. */
import type { Keys } from './keys.js';
import { type RedisClient, Script } from './redis.js';

export type Role = 'sensor' | 'worker' | 'correlator' | 'worker, correlator';

/** What a process says of itself. */
export interface MemberNote {
  role: Role;
  /** Partitions it is willing to hold; none for a sensor. */
  partitions: string[];
  host: string;
  pid: number;
  /** Name of the sensor in this process, if there is one. */
  sensor?: string;
  /** Flat counters for `picket status`. */
  stats: Record<string, number>;
}

export interface KnownMember extends MemberNote {
  id: string;
}

/** Where a process is told what to do: by the name of its sensor, if it has one. */
export function addressOfMember({ id, sensor }: Pick<KnownMember, 'id' | 'sensor'>): string {
  return sensor === undefined ? `process:${id}` : `sensor:${sensor}`;
}

const NOTE = new Script(`
-- KEYS members, notes. ARGV id, note, live ms. By Redis's own clock. Returns id, note pairs.
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
if ARGV[1] ~= '' then
  redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], 3600000)
redis.call('PEXPIRE', KEYS[2], 3600000)
return redis.call('HGETALL', KEYS[2])`);

const MEMBERS_MAX = 4096;
const PARTITIONS_MAX = 257;

/** Says that `id` lives for another `liveMs`, and returns everyone who does. */
export async function noteMember(
  client: RedisClient,
  keys: Keys,
  id: string,
  note: MemberNote,
  liveMs: number,
): Promise<KnownMember[]> {
  const words = [id, JSON.stringify(note), liveMs];
  return membersOf(await NOTE.run(client, [keys.members, keys.memberNotes], words));
}

export async function listMembers(client: RedisClient, keys: Keys): Promise<KnownMember[]> {
  return membersOf(await NOTE.run(client, [keys.members, keys.memberNotes], ['', '', 0]));
}

export async function forgetMember(client: RedisClient, keys: Keys, id: string): Promise<void> {
  await client.zrem(keys.members, id);
  await client.hdel(keys.memberNotes, id);
}

/** Untrusted: what has another form is left out. */
function membersOf(answer: unknown): KnownMember[] {
  const words = Array.isArray(answer) ? answer.slice(0, 2 * MEMBERS_MAX) : [];
  const members: KnownMember[] = [];
  for (let at = 0; at + 1 < words.length; at += 2) {
    const note = noteOf(String(words[at + 1]));
    if (note) members.push({ id: String(words[at]).slice(0, 200), ...note });
  }
  return members;
}

function noteOf(text: string): MemberNote | null {
  try {
    const { role, partitions, host, pid, sensor, stats } = JSON.parse(text);
    const isList = Array.isArray(partitions) && partitions.length <= PARTITIONS_MAX;
    if (!isList || !partitions.every((id: unknown) => typeof id === 'string')) return null;
    if (typeof role !== 'string' || typeof host !== 'string' || !Number.isInteger(pid)) return null;
    const counters = Object.entries(stats ?? {}).filter(([, value]) => typeof value === 'number');
    const numbers = Object.fromEntries(counters.slice(0, 256)) as Record<string, number>;
    return {
      ...{ role: role as Role, partitions, host: host.slice(0, 200), pid, stats: numbers },
      ...(typeof sensor === 'string' && { sensor: sensor.slice(0, 64) }),
    };
  } catch {
    return null;
  }
}
