/**
 * Reads the configuration again while the process runs. The allowlist and the level of the log
 * change at once; everything else is what batches, windows and queues were built for.
 */
import type { PicketConfig } from '../config/schema.js';
import type { Allowlist } from '../shared/allowlist.js';
import { PicketError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { CommandRefused } from '../transport/bullmq/command-message.js';
import type { ReloadAnswer } from './command-answers.js';

export interface Configuration {
  /** Null: there is none, only defaults and flags. */
  file: string | null;
  /** As at the start, flags included. @throws PicketError */
  load(): PicketConfig;
}

/** Settings named in an answer. */
const NAMED_MAX = 100;

export class Reloader {
  readonly #configuration: Configuration;
  readonly #allowlist: Allowlist;
  readonly #log: Logger;
  /** Whether anything in this process looks at the allowlist. */
  readonly #usesAllowlist: boolean;
  /** What is in force. */
  #config: PicketConfig;

  constructor(
    configuration: Configuration,
    running: { config: PicketConfig; allowlist: Allowlist; log: Logger; usesAllowlist: boolean },
  ) {
    this.#configuration = configuration;
    this.#config = running.config;
    this.#allowlist = running.allowlist;
    this.#log = running.log;
    this.#usesAllowlist = running.usesAllowlist;
  }

  /** @throws CommandRefused `config-invalid` with every mistake; nothing has changed then. */
  reload(): ReloadAnswer {
    const read = this.#read();
    const applied: string[] = [];
    if (read.log.level !== this.#config.log.level) {
      this.#log.level = read.log.level;
      applied.push('log.level');
    }
    const change = this.#allowlist.replace(read.allowlist);
    if (JSON.stringify(read.allowlist) !== JSON.stringify(this.#config.allowlist))
      applied.push('allowlist');
    const log = { ...this.#config.log, level: read.log.level };
    this.#config = { ...this.#config, allowlist: read.allowlist, log };
    const { file } = this.#configuration;
    this.#log.info({ file, applied, ...change }, 'configuration read again');
    return {
      file,
      applied,
      allowlist: { entries: read.allowlist.length, ...change, is_used: this.#usesAllowlist },
      needs_restart: differences(this.#config, read).slice(0, NAMED_MAX),
    };
  }

  #read(): PicketConfig {
    try {
      return this.#configuration.load();
    } catch (error) {
      if (!(error instanceof PicketError)) throw error;
      this.#log.warn({}, `The configuration was not read again. ${error.message}`);
      throw new CommandRefused('config-invalid', withoutSecrets(error.message));
    }
  }
}

/** Dotted names of the settings that differ, in the order of the schema. */
export function differences(left: unknown, right: unknown, path = ''): string[] {
  if (isSection(left) && isSection(right)) {
    const names = new Set([...Object.keys(left), ...Object.keys(right)]);
    const prefix = path === '' ? '' : `${path}.`;
    return [...names].flatMap((name) => differences(left[name], right[name], prefix + name));
  }
  return JSON.stringify(left) === JSON.stringify(right) ? [] : [path];
}

/** A mistake shows the value; that of `redis.url` may hold a password, and answers travel. */
function withoutSecrets(problems: string): string {
  return problems.replace(/(redis\.url): .*/g, '$1: not accepted (its value is not shown)');
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
