/** A fleet in one process: sensor, workers and correlator as they run, each with its connection. */
import type { Finding, Incident } from '../../packages/plugin-api/src/finding.js';
import { parseConfig } from '../../src/config/load.js';
import { buildConfigSchema, type PicketConfig } from '../../src/config/schema.js';
import { DETECTORS } from '../../src/detect/registry.js';
import { CorrelatorRole } from '../../src/fleet/correlator-role.js';
import { Fleet } from '../../src/fleet/fleet.js';
import { SensorRole } from '../../src/fleet/sensor-role.js';
import { ShardRole } from '../../src/fleet/shard-role.js';
import type { Output } from '../../src/output/contract.js';
import { findingEvent, incidentEvent } from '../../src/output/eve.js';
import { openLogger } from '../../src/shared/logger.js';
import { PartitionHost } from '../../src/transport/bullmq/partition-host.js';
import { parseRedisUrl } from '../../src/transport/bullmq/redis-url.js';
import { canonical, type Event } from './picket.js';

export interface FleetRun {
  url: string;
  /** Unused so far: what a namespace holds is what a fleet goes on from. */
  namespace: string;
  home: string;
  workers: number;
  /** Further lines of configuration. */
  settings?: string;
}

export function fleetConfig({ home, namespace, settings = '' }: FleetRun): PicketConfig {
  const text = [
    `home_nets: [${home.split(',').map((cidr) => JSON.stringify(cidr))}]`,
    'log: { level: error }',
    `redis: { namespace: ${namespace} }`,
    settings,
  ].join('\n');
  return parseConfig(buildConfigSchema(DETECTORS), text, 'test');
}

/** Keeps what is said, in the form in which it is printed. */
class Collected implements Output {
  readonly events: Event[] = [];

  finding(finding: Finding): void {
    this.#keep(findingEvent(finding, { allowlisted: false }));
  }

  incident(incident: Incident): void {
    this.#keep(incidentEvent(incident));
  }

  operational(): void {}

  stats(): void {}
  async ready(): Promise<void> {}
  async flush(): Promise<void> {}
  async close(): Promise<void> {}
  counters(): Record<string, number> {
    return {};
  }

  #keep(event: unknown): void {
    this.events.push(JSON.parse(JSON.stringify(event)) as Event);
  }
}

export interface FleetAnswer {
  /** Findings and incidents, canonical: comparable with `canonical(runPicket(...).events)`. */
  answer: string;
  workers: Record<string, number>[];
}

/**
 * Publishes each of `inputs` (captures that are read together) after the other, and returns what
 * was said once an input has ended that led to something new.
 */
export async function fleetAnswer(run: FleetRun, ...inputs: string[][]): Promise<FleetAnswer> {
  const config = fleetConfig(run);
  const log = openLogger('error', 'json');
  const fleets = Array.from({ length: run.workers + 2 }, () => {
    return new Fleet(config, parseRedisUrl(run.url), log);
  });
  const [sensing, correlating, ...working] = fleets;
  await Promise.all(fleets.map((fleet) => fleet.join()));
  const output = new Collected();
  const correlator = new CorrelatorRole(correlating, [output]);
  const roles = working.map((fleet) => new ShardRole(fleet));
  const common = (fleet: Fleet) => {
    return { client: fleet.client, keys: fleet.keys, id: fleet.id, times: fleet.times };
  };
  const hosts = working.map((fleet, index) => {
    const workingsOf = (partition: (typeof fleet.shards)[number]) =>
      roles[index].workingsOf(partition);
    const partitions = fleet.shards;
    return new PartitionHost({ ...common(fleet), role: 'worker', partitions, workingsOf });
  });
  const correlatorHost = new PartitionHost({
    ...common(correlating),
    role: 'correlator',
    partitions: [correlating.keys.correlator()],
    workingsOf: () => correlator.workings(),
  });
  await Promise.all([...hosts, correlatorHost].map((host) => host.start()));
  // Otherwise the first worker may have done everything before the others come.
  const share = Math.floor(config.shards / run.workers);
  while (hosts.some((host) => host.holds.length < share))
    await new Promise((resolve) => setTimeout(resolve, 50));
  for (const paths of inputs) await new SensorRole(sensing, { kind: 'files', paths }).run();
  await correlator.ended;
  await Promise.all([...hosts, correlatorHost].map((host) => host.stop()));
  const workers = hosts.map((host) => host.stats());
  await Promise.all(roles.map((role) => role.close()));
  for (const fleet of fleets) fleet.close();
  return { answer: canonical(output.events), workers };
}
