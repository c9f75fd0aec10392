/** What the commands of a fleet share: finding Redis, and ending when Redis does not answer. */
import type { PicketConfig } from '../../config/schema.js';
import { Fleet } from '../../fleet/fleet.js';
import { PicketError } from '../../shared/errors.js';
import { type Logger, openLogger } from '../../shared/logger.js';
import { parseRedisUrl } from '../../transport/bullmq/redis-url.js';
import { configFor } from '../configuration.js';
import { type FleetFlags, redisUrlOf } from '../flags.js';

/** How long an ending process waits for Redis to take what it has. */
const END_MS_MAX = 10_000;
const LINGER_MS_MAX = 1_000;

/**
 * Connects and joins the deployment. The process's title loses the URL, which may hold a password.
 * @throws PicketError `usage`, `config-invalid`, `redis-unavailable`, `fleet-mismatch`.
 */
export async function joinFleet(
  command: string,
  flags: FleetFlags,
  config = configFor(flags),
): Promise<{ fleet: Fleet; config: PicketConfig; log: Logger }> {
  const opened = openFleet(command, flags, config);
  try {
    await opened.fleet.join();
  } catch (error) {
    opened.fleet.close();
    throw error;
  }
  return opened;
}

/** As `joinFleet`, without waiting for Redis or asking it anything. */
export function openFleet(command: string, flags: FleetFlags, config: PicketConfig) {
  const url = redisUrlOf(flags, config);
  if (url === null)
    throw new PicketError(
      'usage',
      'Which Redis? Name it with --redis redis://host, PICKET_REDIS_URL or redis.url.',
    );
  process.title = `picket ${command}`;
  const log = openLogger(config.log.level, config.log.format);
  return { fleet: new Fleet(config, parseRedisUrl(url), log), config, log };
}

/** The Unix socket of the fleet's Redis, where it has one: for `onceOpened`. */
export function socketOf({ target }: Fleet): { socket?: string } {
  return target.kind === 'socket' ? { socket: target.name } : {};
}

/**
 * Closes the connection at the end of a command. One of BullMQ's that broke while it was being made
 * never closes; it must not keep a process that has done and said everything.
 */
export function leaveFleet(fleet: Fleet): void {
  fleet.close();
  setTimeout(() => process.exit(), LINGER_MS_MAX).unref();
}

/** Waits for `ending`, but not for ever: what Redis does not take now its leases give to others. */
export async function endWithin(ending: Promise<unknown>, orElse: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), END_MS_MAX);
  });
  const how = await Promise.race([ending, late]);
  clearTimeout(timer);
  if (how === 'late') orElse();
}
