/** `picket correlate`: turn what the workers found into incidents, and say it. */
import type { Duties } from '../../fleet/command-desk.js';
import { CorrelatorRole } from '../../fleet/correlator-role.js';
import { FleetLevels } from '../../fleet/fleet-levels.js';
import { PartitionHost, REJECTED_NONE } from '../../transport/bullmq/partition-host.js';
import { openOutputs } from '../outputs.js';
import { onStopSignal } from '../signals.js';
import { configurationOf } from '../configuration.js';
import type { FleetFlags } from '../flags.js';
import { endWithin, joinFleet, leaveFleet } from './connect.js';
import { openDesk } from './desk.js';

export interface CorrelateFlags extends FleetFlags {
  untilEnd?: boolean;
}

/**
 * Correlates until a signal, or with `untilEnd` until every sensor's input has ended and all was
 * said. One process of a fleet holds the correlator's lease; others stand by.
 * @throws PicketError for what is wrong before it begins.
 */
export async function correlate(flags: CorrelateFlags): Promise<number> {
  const { fleet, config, log } = await joinFleet('correlate', flags);
  try {
    const outputs = await openOutputs(
      config,
      flags.json ? 'json' : 'live',
      log,
      fleet.allowlist.contains,
    );
    const role = new CorrelatorRole(fleet, outputs);
    const host: PartitionHost = new PartitionHost({
      client: fleet.client,
      keys: fleet.keys,
      id: fleet.id,
      role: 'correlator',
      partitions: [fleet.keys.correlator()],
      times: fleet.times,
      workingsOf: () => role.workings(),
      stats: () => desk.memberStats(),
      onTrouble: (reason) => fleet.trouble(reason),
    });
    const stopped = new Promise<void>((resolve) => onStopSignal(() => resolve()));
    const duties: Duties = {
      role: 'correlator',
      correlates: true,
      sections: () => role.sections({ ...REJECTED_NONE, ...host.stats() }),
      configuration: configurationOf(flags),
    };
    const desk = await openDesk('correlate', fleet, duties, new FleetLevels(fleet));
    await host.start();
    log.info({ id: fleet.id, holds: host.holds.length > 0 }, 'correlating');
    const report = () => role.reportStats(role.sections(host.stats()));
    const timer = setInterval(report, config.outputs.stats_interval_s * 1000);
    await (flags.untilEnd ? Promise.race([stopped, role.ended]) : stopped);
    clearInterval(timer);
    await endWithin(host.stop(), () =>
      log.warn({}, 'Redis does not answer; the lease will expire'),
    );
    await desk.close();
    report();
    await Promise.all(outputs.map((output) => output.close()));
  } finally {
    leaveFleet(fleet);
  }
  return 0;
}
