/** `picket run`: watch an interface. */
import { ReportOutput } from '../output/report-output.js';
import { Pipeline } from '../pipeline.js';
import { openLogger } from '../shared/logger.js';
import { configFor } from './configuration.js';
import { type FleetFlags, redisUrlOf } from './flags.js';
import { liveInput, liveConfig } from './input.js';
import { fallbackText, interruptionText, logLoss, openOutputs, printReport } from './outputs.js';
import { onceOpened } from './live.js';
import { openService } from './service.js';
import { openMetrics } from './metrics.js';
import { onStopSignal } from './signals.js';

/**
 * Watches until a signal ends it; then everything seen has been reported. With Redis, as a fleet of
 * one process.
 * @throws PicketError `interface-unavailable`, `privileges-kept` and what `configFor` throws.
 */
export async function run(flags: FleetFlags): Promise<number> {
  const given = configFor(flags);
  if (redisUrlOf(flags, given) !== null) {
    const { runFleet } = await import('./fleet/run-fleet.js');
    return await runFleet(flags, given);
  }
  const input = liveInput(given);
  const config = liveConfig(given, input.name);
  const log = openLogger(config.log.level, config.log.format);
  const report = flags.json ? null : new ReportOutput();
  const lineOutputs = await openOutputs(config, flags.json ? 'json' : 'live', log);
  const service = openService(log);
  const pipeline = new Pipeline({
    config,
    input,
    order: 'arrival',
    outputs: report ? [...lineOutputs, report] : lineOutputs,
    interrupted: (reason) => log.warn({ interface: input.name }, interruptionText(reason)),
    opened: () => opened(),
  });
  const opened = onceOpened({ input, log, service, progress: () => pipeline.progress() });
  const closeMetrics = await openMetrics('run', config, log, () => {
    const counters = pipeline.counters();
    return { ...counters, transport: { ...counters.transport, ...pipeline.behind() } };
  });
  const protectedBy =
    given.home_nets.length > 0 ? 'as configured' : 'by default; name yours with --home';
  log.info(
    {
      ...{ interface: input.name, observer: pipeline.observer.name, home_nets: config.home_nets },
      ...(input.hasRelief && { relief: true }),
    },
    `watching; networks protected ${protectedBy}`,
  );
  if (pipeline.fellBack !== undefined) log.warn({}, fallbackText(pipeline.fellBack));
  const tell = () => {
    logLoss(log, pipeline.measureLoad());
    pipeline.reportStats();
  };
  const timer = setInterval(tell, config.outputs.stats_interval_s * 1000);
  const release = onStopSignal((signal) => {
    log.info({ signal }, 'ending; once more ends at once');
    service.stopping();
    pipeline.stop();
  });
  try {
    await pipeline.run();
  } finally {
    service.stopping();
    clearInterval(timer);
    closeMetrics();
    release();
    const summary = { inputs: [input.name], homeNets: config.home_nets, damages: [] };
    if (report) printReport(report, summary, pipeline);
  }
  return 0;
}
