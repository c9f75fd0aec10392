/**
 * Takes the commands to one process from its queue, executes each at most once and not after its
 * deadline, and puts the answer where the sender looks for it. Whatever is wrong with a command, it
 * is refused with a reason, counted, and goes nowhere else.
 */
import { type Job, Worker } from 'bullmq';
import {
  type Answer,
  type Command,
  CommandRefused,
  COMMAND_VERSION,
  INBOX_BOUNDS,
  type CommandOf,
  REFUSALS,
  type Refusal,
  readCommand,
  type Verb,
  WAIT_MS_MAX,
  writeAnswer,
} from './command-message.js';
import type { Inbox, Keys } from './keys.js';
import { tidyQueue } from './queue-life.js';
import { type RedisClient, redisTimeMs } from './redis.js';

/** What each command does here; what it returns is the answer. @throws CommandRefused */
export type Handlers = { [V in Verb]: (command: CommandOf<V>) => unknown };

export interface InboxOptions {
  client: RedisClient;
  keys: Keys;
  address: string;
  handlers: Handlers;
}

/** Commands taken in a second; more wait, and expire. */
const RATE_MAX = 5;
/** A sender that has not fetched its answer by then has gone. */
const ANSWER_KEEP_MS = 30_000;
const TIDY_MS = 5_000;
const CLOSE_MS_MAX = 1_000;
/** An id is remembered until its deadline, so there are no more than were taken until then. */
const IDS_MAX = (2 * RATE_MAX * WAIT_MS_MAX) / 1000;
const TEXT_MAX = 4_096;
const ID_FORM = /^c-[A-Za-z0-9_-]{16}$/;

export class CommandInbox {
  readonly #options: InboxOptions;
  readonly #inbox: Inbox;
  readonly #worker: Worker;
  readonly #timer: NodeJS.Timeout;
  /** Deadlines of the commands begun, by id. */
  readonly #begun = new Map<string, number>();
  /** Active at the last look, and not ours: nobody will finish them. */
  #strangers = new Set<string>();
  #inHand: string | undefined;
  #isTidying = false;
  readonly #counters: Record<string, number> = {
    received: 0,
    done: 0,
    ...Object.fromEntries(REFUSALS.map((reason) => [`rejected.${reason}`, 0])),
    'rejected.overflow': 0,
    'rejected.abandoned': 0,
    'rejected.unanswered': 0,
  };

  constructor(options: InboxOptions) {
    this.#options = options;
    const { client, keys, address } = options;
    this.#inbox = keys.inbox(address);
    this.#worker = new Worker(this.#inbox.queue, (job) => this.#process(job), {
      prefix: this.#inbox.prefix,
      connection: client,
      // A command that was begun and not finished is given up: it is not known what it did.
      skipStalledCheck: true,
      limiter: { max: RATE_MAX, duration: 1_000 },
      runRetryDelay: 500,
    });
    // A job that cannot be read stays active and is given up.
    this.#worker.on('error', () => {});
    this.#timer = setInterval(() => void this.#tidy(), TIDY_MS);
    this.#timer.unref();
  }

  /** Cumulative: `received`, `done`, and `rejected.REASON`. */
  stats(): Record<string, number> {
    return { ...this.#counters };
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS_MAX);
    });
    await Promise.race([this.#worker.close(true).catch(() => {}), late]);
    clearTimeout(timer);
  }

  async #process(job: Job): Promise<void> {
    this.#inHand = job.id;
    // Nothing is kept because a sender asked for it.
    job.opts = { ...job.opts, removeOnComplete: true, removeOnFail: true };
    const id = String(job.id);
    const text = writeAnswer(await this.#answer(id, job.data));
    try {
      if (!ID_FORM.test(id)) return;
      // The first answer stands: that a copy was refused is nothing to tell.
      const key = `${this.#inbox.answers}${id}`;
      await this.#options.client.set(key, text, 'PX', ANSWER_KEEP_MS, 'NX');
    } catch {
      this.#counters['rejected.unanswered']++;
    } finally {
      this.#inHand = undefined;
    }
  }

  async #answer(id: string, data: unknown): Promise<Answer> {
    this.#counters.received++;
    try {
      if (!ID_FORM.test(id)) throw new CommandRefused('malformed', 'Not the id of a command.');
      const command = readCommand(data);
      await this.#admit(id, command);
      const execute = this.#options.handlers[command.verb] as (command: Command) => unknown;
      const done = (await execute(command)) ?? null;
      this.#counters.done++;
      return { v: COMMAND_VERSION, done };
    } catch (error) {
      const reason: Refusal = error instanceof CommandRefused ? error.reason : 'failed';
      const text = error instanceof Error ? error.message : String(error);
      this.#counters[`rejected.${reason}`]++;
      return { v: COMMAND_VERSION, refused: reason, text: text.slice(0, TEXT_MAX) };
    }
  }

  /** @throws CommandRefused `late`, `duplicate`, `malformed`. */
  async #admit(id: string, { deadlineMs }: Command): Promise<void> {
    const nowMs = await redisTimeMs(this.#options.client);
    for (const [known, untilMs] of this.#begun) if (untilMs < nowMs) this.#begun.delete(known);
    if (deadlineMs < nowMs)
      throw new CommandRefused(
        'late',
        `Its time was over ${Math.ceil(nowMs - deadlineMs)} ms ago.`,
      );
    if (deadlineMs > nowMs + WAIT_MS_MAX)
      throw new CommandRefused('malformed', `Its deadline is more than ${WAIT_MS_MAX} ms ahead.`);
    if (this.#begun.has(id))
      throw new CommandRefused('duplicate', 'It was begun before; it is not done twice.');
    if (this.#begun.size >= IDS_MAX) throw new CommandRefused('full', 'Too many commands.');
    this.#begun.set(id, deadlineMs);
  }

  async #tidy(): Promise<void> {
    const { client } = this.#options;
    if (this.#isTidying || client.status !== 'ready') return;
    this.#isTidying = true;
    try {
      const abandoned = [...this.#strangers].filter((id) => id !== this.#inHand);
      const bounds = { ...INBOX_BOUNDS, abandoned };
      const { dropped, active } = await tidyQueue(client, this.#inbox, bounds);
      this.#counters['rejected.overflow'] += dropped;
      this.#counters['rejected.abandoned'] += abandoned.length;
      this.#strangers = new Set(active.filter((id) => id !== this.#inHand));
    } catch {
      // The next look finds what is so.
    } finally {
      this.#isTidying = false;
    }
  }
}
