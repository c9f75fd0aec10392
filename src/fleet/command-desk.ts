/** What a process of a fleet does when it is told to: the commands of `picket command`. */
import { hostname } from 'node:os';
import { ownPackage } from '../shared/program-file.js';
import { CommandInbox } from '../transport/bullmq/command-inbox.js';
import { CommandRefused } from '../transport/bullmq/command-message.js';
import { addressOfMember, type Role } from '../transport/bullmq/members.js';
import type { ReportAnswer } from './command-answers.js';
import type { Evidence } from './evidence.js';
import type { Fleet } from './fleet.js';
import { type Configuration, Reloader } from './reload.js';

type Sections = Record<string, Record<string, number>>;

export interface Duties {
  role: Role;
  /** What the sensor in this process remembers, if there is one. */
  evidence?: Evidence;
  /** Whether this process may hold the correlator: the allowlist is looked at there. */
  correlates: boolean;
  /** The counters of this process, by section. */
  sections(): Sections;
  configuration: Configuration;
}

/** Counters of one section in an answer. */
const COUNTERS_MAX = 512;

export class CommandDesk {
  readonly #duties: Duties;
  readonly #inbox: CommandInbox | null;

  /** Begins to take commands, unless the configuration says no. */
  constructor(fleet: Fleet, duties: Duties) {
    this.#duties = duties;
    const { client, keys, config, allowlist, log } = fleet;
    const { evidence, configuration, correlates } = duties;
    const running = { config, allowlist, log, usesAllowlist: correlates };
    const reloader = new Reloader(configuration, running);
    const sensor = evidence === undefined ? {} : { sensor: config.sensor };
    this.#inbox = config.commands.enabled
      ? new CommandInbox({
          ...{ client, keys, address: addressOfMember({ id: fleet.id, ...sensor }) },
          handlers: {
            report: () => this.#report(),
            reload: () => reloader.reload(),
            watch: ({ source, forS }) => this.#evidence().watch(source, forS),
            dump: ({ source }) => this.#evidence().dump(source),
          },
        })
      : null;
  }

  /** Section `commands`. */
  stats(): Record<string, number> {
    return { ...this.#inbox?.stats(), ...this.#duties.evidence?.stats() };
  }

  /** The same in two numbers, for `picket status`. */
  memberStats(): Record<string, number> {
    const counters = Object.entries(this.#inbox?.stats() ?? {});
    const rejected = counters.filter(([name]) => name.startsWith('rejected.'));
    return {
      commands_received: this.#inbox?.stats().received ?? 0,
      commands_rejected: rejected.reduce((sum, [, count]) => sum + count, 0),
    };
  }

  async stop(): Promise<void> {
    await this.#inbox?.stop();
  }

  /** @throws CommandRefused `not-here` */
  #evidence(): Evidence {
    const { evidence } = this.#duties;
    if (evidence === undefined)
      throw new CommandRefused('not-here', 'This process has no sensor: ask one that has.');
    return evidence;
  }

  #report(): ReportAnswer {
    const sections = Object.entries({ ...this.#duties.sections(), commands: this.stats() });
    return {
      role: this.#duties.role,
      host: hostname(),
      pid: process.pid,
      version: ownPackage().version,
      uptime_s: Math.round(process.uptime()),
      sections: Object.fromEntries(
        sections.map(([name, counters]) => {
          return [name, Object.fromEntries(Object.entries(counters).slice(0, COUNTERS_MAX))];
        }),
      ),
    };
  }
}
