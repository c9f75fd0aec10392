/** `picket run --redis`: sensor, worker and correlator of a fleet in one process. */
import type { PicketConfig } from '../../config/schema.js';
import type { Duties } from '../../fleet/command-desk.js';
import { CorrelatorRole } from '../../fleet/correlator-role.js';
import { FleetLevels } from '../../fleet/fleet-levels.js';
import { SensorRole } from '../../fleet/sensor-role.js';
import { ShardRole } from '../../fleet/shard-role.js';
import { CORRELATOR, type Partition } from '../../transport/bullmq/keys.js';
import type { Workings } from '../../transport/bullmq/partition-consumer.js';
import { PartitionHost, REJECTED_NONE } from '../../transport/bullmq/partition-host.js';
import { configurationOf } from '../configuration.js';
import type { FleetFlags } from '../flags.js';
import { liveInput, liveConfig } from '../input.js';
import { fallbackText, interruptionText, logLoss, openOutputs } from '../outputs.js';
import { onceOpened } from '../live.js';
import { makeFolderFor } from '../privileges.js';
import { openService } from '../service.js';
import { onStopSignal } from '../signals.js';
import { endWithin, joinFleet, leaveFleet, socketOf } from './connect.js';
import { openDesk } from './desk.js';

/**
 * Runs until a signal; then the sensor leaves, and what was judged is checkpointed for the next.
 * @throws PicketError for what is wrong before it begins.
 */
export async function runFleet(flags: FleetFlags, given: PicketConfig): Promise<number> {
  const input = liveInput(given);
  const adjust = (one: PicketConfig) => liveConfig(one, input.name);
  const { fleet, config, log } = await joinFleet('run', flags, adjust(given));
  try {
    const show = flags.json ? 'json' : 'live';
    const outputs = await openOutputs(config, show, log, fleet.allowlist.contains);
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
      workingsOf: (partition) => workingsOf(partition, shards, correlator),
      stats: () => ({ ...shards.stats(host.holds), ...sensor.stats(), ...desk.memberStats() }),
      onTrouble: (reason) => fleet.trouble(reason),
    });
    const sections = (more: Record<string, number> = {}) =>
      correlator.sections(
        { ...more, ...host.stats(), ...sensor.outletStats() },
        sensor.captureStats(),
      );
    const duties: Duties = {
      role: 'worker, correlator',
      evidence: sensor.evidence,
      correlates: true,
      sections: () => sections({ ...REJECTED_NONE, ...shards.lags(host.holds) }),
      configuration: configurationOf(flags, adjust),
    };
    const desk = await openDesk('run', fleet, duties, new FleetLevels(fleet));
    await host.start();
    log.info({ interface: input.name, observer: sensor.observer.name }, 'watching, in a fleet');
    const report = () => correlator.reportStats(sections());
    const timer = setInterval(() => {
      logLoss(log, correlator.reportLoss(sensor.measureLoad()));
      report();
    }, config.outputs.stats_interval_s * 1000);
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
      const ending = host.stop().then(() => shards.close());
      await desk.close();
      await endWithin(ending, () => log.warn({}, 'Redis does not answer; the leases will expire'));
      report();
      await Promise.all(outputs.map((output) => output.close()));
    }
  } finally {
    leaveFleet(fleet);
  }
  return 0;
}

function workingsOf(
  partition: Partition,
  shards: ShardRole,
  correlator: CorrelatorRole,
): Workings<unknown> {
  const isCorrelator = partition.id === CORRELATOR;
  const workings = isCorrelator ? correlator.workings() : shards.workingsOf(partition);
  return workings as Workings<unknown>;
}
