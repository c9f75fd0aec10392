/** `picket sense`: capture and observe here, judge elsewhere. */
import type { Input } from '../../capture/contract.js';
import { SensorRole } from '../../fleet/sensor-role.js';
import type { PicketConfig } from '../../config/schema.js';
import { ERROR_CODES } from '../../shared/errors.js';
import { configFor, configurationOf } from '../configuration.js';
import type { FleetFlags } from '../flags.js';
import { liveInput, requireHome, liveConfig } from '../input.js';
import { fallbackText, interruptionText, logLoss } from '../outputs.js';
import { onceOpened } from '../live.js';
import { openService } from '../service.js';
import { onStopSignal } from '../signals.js';
import { makeFolderFor } from '../privileges.js';
import { joinFleet, leaveFleet, openFleet, socketOf } from './connect.js';
import { openDesk } from './desk.js';

export interface SenseFlags extends FleetFlags {
  read?: string[];
}

/**
 * Publishes a capture (`--read`) to its end, or an interface until a signal. Returns 3 when a
 * capture is damaged; everything readable has been published then.
 * @throws PicketError for what is wrong before it begins.
 */
export async function sense(flags: SenseFlags): Promise<number> {
  const given = configFor(flags);
  const input: Input = flags.read ? { kind: 'files', paths: flags.read } : liveInput(given);
  if (input.kind === 'files') requireHome(given);
  const adjust = (one: PicketConfig) =>
    input.kind === 'files' ? one : liveConfig(one, input.name);
  const config = adjust(given);
  // Live, capture begins at once: the spool takes what Redis cannot.
  const isLive = input.kind === 'interface';
  const { fleet, log } = isLive
    ? openFleet('sense', flags, config)
    : await joinFleet('sense', flags, config);
  const service = openService(log);
  let isDamaged = false;
  let refusal: unknown = null;
  try {
    const spool = config.spool.path;
    if (isLive && input.becomes !== undefined) makeFolderFor(input.becomes, spool);
    const sensor = new SensorRole(fleet, input);
    const progress = () => sensor.progress();
    if (sensor.fellBack !== undefined) log.warn({}, fallbackText(sensor.fellBack));
    const desk = await openDesk('sense', fleet, {
      role: 'sensor',
      evidence: sensor.evidence,
      correlates: false,
      sections: () => ({ capture: sensor.captureStats(), transport: sensor.outletStats() }),
      configuration: configurationOf(flags, adjust),
    });
    const what = input.kind === 'files' ? input.paths.join(', ') : input.name;
    log.info({ sensor: config.sensor, observer: sensor.observer.name }, `observing ${what}`);
    if (isLive) {
      fleet.joinEventually().catch((error) => {
        refusal = error;
        sensor.stop();
      });
    }
    const endAnnouncing = fleet.announce('sensor', () => ({
      ...sensor.stats(),
      ...desk.memberStats(),
    }));
    const measure = () => logLoss(log, sensor.measureLoad());
    const timer = setInterval(measure, config.outputs.stats_interval_s * 1000);
    const release = onStopSignal((signal) => {
      log.info({ signal }, 'ending; once more ends at once');
      service.stopping();
      sensor.stop();
    });
    try {
      await sensor.run({
        interrupted: (reason) => log.warn({}, interruptionText(reason)),
        ...(isLive && {
          opened: onceOpened({ input, log, service, progress, spool, ...socketOf(fleet) }),
        }),
        damage: (path, offset, reason) => {
          isDamaged = true;
          const rest = 'What came before was published.';
          process.stderr.write(`picket: ${path}: damaged at byte ${offset}: ${reason}. ${rest}\n`);
        },
      });
    } finally {
      service.stopping();
      release();
      clearInterval(timer);
      await endAnnouncing();
      await desk.close();
      log.info(sensor.stats(), 'published');
    }
    if (refusal !== null) throw refusal;
  } finally {
    leaveFleet(fleet);
  }
  return isDamaged ? ERROR_CODES['input-damaged'].exit : 0;
}
