/** `picket work`: judge the shards that this process holds leases on. */
import { ShardRole } from '../../fleet/shard-role.js';
import { PicketError } from '../../shared/errors.js';
import { PartitionHost, REJECTED_NONE } from '../../transport/bullmq/partition-host.js';
import { onStopSignal } from '../signals.js';
import { configurationOf } from '../configuration.js';
import type { FleetFlags } from '../flags.js';
import { endWithin, joinFleet, leaveFleet } from './connect.js';
import { openDesk } from './desk.js';

export interface WorkFlags extends FleetFlags {
  shards?: string;
}

/**
 * Works until a signal; then its shards are committed and handed back.
 * @throws PicketError for what is wrong before it begins.
 */
export async function work(flags: WorkFlags): Promise<number> {
  const { fleet, config, log } = await joinFleet('work', flags);
  try {
    const wanted = parseShards(flags.shards ?? 'auto', config.shards);
    const role = new ShardRole(fleet);
    const host: PartitionHost = new PartitionHost({
      client: fleet.client,
      keys: fleet.keys,
      id: fleet.id,
      role: 'worker',
      partitions: fleet.shards.filter((_, shard) => wanted.has(shard)),
      times: fleet.times,
      workingsOf: (partition) => role.workingsOf(partition),
      stats: () => ({ ...role.stats(host.holds), ...desk.memberStats() }),
      onTrouble: (reason) => fleet.trouble(reason),
    });
    const desk = await openDesk('work', fleet, {
      role: 'worker',
      correlates: false,
      sections: () => ({
        transport: { ...REJECTED_NONE, ...host.stats(), ...role.lags(host.holds) },
      }),
      configuration: configurationOf(flags),
    });
    const stopped = new Promise<NodeJS.Signals>((resolve) => onStopSignal(resolve));
    await host.start();
    log.info({ id: fleet.id, shards: host.holds.length }, 'working');
    const signal = await stopped;
    log.info({ signal }, 'handing back; once more ends at once');
    await endWithin(
      host.stop().then(() => role.close()),
      () => log.warn({}, 'Redis does not answer; the leases will expire'),
    );
    await desk.close();
    log.info(host.stats(), 'ended');
  } finally {
    leaveFleet(fleet);
  }
  return 0;
}

/**
 * `auto`, or numbers and ranges separated by commas: `0-7,12`.
 * @throws PicketError `usage`
 */
export function parseShards(text: string, count: number): Set<number> {
  const shards = new Set<number>();
  for (const part of text === 'auto' ? [`0-${count - 1}`] : text.split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!match || last < first || last >= count)
      throw new PicketError(
        'usage',
        `--shards ${part}: take auto, or numbers and ranges from 0 to ${count - 1}, as 0-7,12.`,
      );
    for (let shard = first; shard <= last; shard++) shards.add(shard);
  }
  return shards;
}
