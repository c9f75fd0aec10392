/** `picket run --redis`: sensor, worker and correlator of a fleet in one process. */
import type { PicketConfig } from '../../config/schema.js';
import { CommandDesk } from '../../fleet/command-desk.js';
import { CorrelatorRole } from '../../fleet/correlator-role.js';
import { FleetLevels } from '../../fleet/fleet-levels.js';
import { SensorRole } from '../../fleet/sensor-role.js';
import { ShardRole } from '../../fleet/shard-role.js';
import { CORRELATOR } from '../../transport/bullmq/keys.js';
import type { Workings } from '../../transport/bullmq/partition-consumer.js';
import { PartitionHost, REJECTED_NONE } from '../../transport/bullmq/partition-host.js';
import { configurationOf, type FleetFlags } from '../flags.js';
import { openMetrics } from '../metrics.js';
import { liveInput, withHome } from '../input.js';
import { fallbackText, interruptionText, openOutputs } from '../outputs.js';
import { onceOpened } from '../live.js';
import { makeFolderFor } from '../privileges.js';
import { openService } from '../service.js';
import { onStopSignal } from '../signals.js';
import { endWithin, joinFleet, leaveFleet, socketOf } from './connect.js';

/**
 * Runs until a signal; then the sensor leaves, and what was judged is checkpointed for the next.
 * @throws PicketError for what is wrong before it begins.
 */
export async function runFleet(flags: FleetFlags, given: PicketConfig): Promise<number> {
  const input = liveInput(given);
  const adjust = (one: PicketConfig) => withHome(one, input.name);
  const { fleet, config, log } = await joinFleet('run', flags, adjust(given));
  try {
    const outputs = await openOutputs(
      config,
      flags.json ? 'json' : 'live',
      log,
      fleet.allowlist.contains,
    );
    const service = openService(log);
    const spool = config.spool.path;
    if (input.becomes !== undefined) makeFolderFor(input.becomes, spool);
    const sensor = new SensorRole(fleet, input);
    const progress = () => sensor.progress();
    if (sensor.fellBack !== undefined) log.warn({}, fallbackText(sensor.fellBack));
    const shards = new ShardRole(fleet);
    const correlator = new CorrelatorRole(fleet, outputs);
    const host: PartitionHost = new PartitionHost({
      client: fleet.client,
      keys: fleet.keys,
      id: fleet.id,
      role: 'worker, correlator',
      sensor: config.sensor,
      partitions: [...fleet.shards, fleet.keys.correlator()],
      times: fleet.times,
      workingsOf: (partition): Workings<unknown> =>
        (partition.id === CORRELATOR
          ? correlator.workings()
          : shards.workingsOf(partition)) as Workings<unknown>,
      stats: () => ({ ...shards.stats(host.holds), ...sensor.stats(), ...desk.memberStats() }),
      onTrouble: (reason) => fleet.trouble(reason),
    });
    const sections = (more: Record<string, number> = {}) =>
      correlator.sections(
        { ...more, ...host.stats(), ...sensor.outletStats() },
        sensor.observer.stats(),
      );
    const desk = new CommandDesk(fleet, {
      role: 'worker, correlator',
      evidence: sensor.evidence,
      correlates: true,
      sections: () => ({ ...sections(shards.lags(host.holds)), redis: fleet.connection() }),
      configuration: configurationOf(flags, adjust),
    });
    const fleetLevels = new FleetLevels(fleet);
    const closeMetrics = await openMetrics('run', config, log, async () => ({
      ...sections({ ...REJECTED_NONE, ...shards.lags(host.holds) }),
      fleet: await fleetLevels.read(),
      redis: fleet.connection(),
      commands: desk.stats(),
    }));
    await host.start();
    log.info({ interface: input.name, observer: sensor.observer.name }, 'watching, in a fleet');
    const report = () => correlator.reportStats(sections());
    const timer = setInterval(report, config.outputs.stats_interval_s * 1000);
    const release = onStopSignal((signal) => {
      log.info({ signal }, 'ending; once more ends at once');
      service.stopping();
      sensor.stop();
    });
    try {
      await sensor.run({
        interrupted: (reason) => log.warn({}, interruptionText(reason)),
        opened: onceOpened({ input, log, service, progress, spool, ...socketOf(fleet) }),
      });
    } finally {
      service.stopping();
      clearInterval(timer);
      release();
      await desk.stop();
      const ending = host.stop().then(() => shards.close());
      closeMetrics();
      await endWithin(ending, () => log.warn({}, 'Redis does not answer; the leases will expire'));
      report();
      await Promise.all(outputs.map((output) => output.close()));
    }
  } finally {
    leaveFleet(fleet);
  }
  return 0;
}
