/** What the processes of a fleet show and are told: `/metrics`, and the inbox of commands. */
import { CommandDesk, type Duties } from '../../fleet/command-desk.js';
import type { Fleet } from '../../fleet/fleet.js';
import type { FleetLevels } from '../../fleet/fleet-levels.js';
import { openMetrics } from '../metrics.js';

export interface OpenDesk {
  /** For `picket status`. */
  memberStats(): Record<string, number>;
  close(): Promise<void>;
}

/**
 * Opens both; `levels` are shown as section `fleet`.
 * @throws PicketError `metrics-unavailable`.
 */
export async function openDesk(
  command: string,
  fleet: Fleet,
  duties: Duties,
  levels?: FleetLevels,
): Promise<OpenDesk> {
  const sections = () => ({ ...duties.sections(), redis: fleet.connection() });
  let desk: CommandDesk | null = null;
  const closeMetrics = await openMetrics(command, fleet.config, fleet.log, async () => ({
    ...sections(),
    ...(levels && { fleet: await levels.read() }),
    commands: desk?.stats() ?? {},
  }));
  const open = new CommandDesk(fleet, { ...duties, sections });
  desk = open;
  return {
    memberStats: () => open.memberStats(),
    close: async () => {
      await open.stop();
      closeMetrics();
    },
  };
}
