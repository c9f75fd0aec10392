/**
 * Consumes one partition under a lease: queue -> order -> state machine -> journal -> effects.
 *
 * Group commit: whatever has arrived while the last group was being written makes the next one. A
 * group's items are appended to the partition's journal in one step that compares the fencing
 * token; then its effects are handed on; only then do its jobs complete. The journal and the
 * snapshot before it give the next holder the same state and, since the machine is deterministic,
 * the same effects with the same numbers: whoever takes them refuses copies by number. When the
 * journal has grown as large as the snapshot, a new snapshot takes its place.
 */
import { randomBytes } from 'node:crypto';
import { type Job, WaitingError, Worker } from 'bullmq';
import { PicketError } from '../../shared/errors.js';
import type { DeadLetters } from './dead-letters.js';
import type { Held } from './lease-scripts.js';
import { type Item, readEntry, readMessage, writeEntry } from './message.js';
import { SequenceGate } from './sequence-gate.js';
import { openFrame, packFrame } from './snapshot-frame.js';

/** A deterministic state, changed by items alone. */
export interface Machine<E> {
  /** @throws PicketError `batch-invalid` when the item makes no sense; nothing is changed then. */
  apply(item: Item): E | Promise<E>;
  snapshot(): Uint8Array;
}

/** What an applied item caused. Numbers rise by one over the life of the state. */
export interface Effect<E> {
  /** Name of the state: a new one when it had to begin from nothing. */
  source: string;
  number: number;
  value: E;
}

export interface Workings<E> {
  /** `snapshot` is null when there is nothing to go on from. @throws when it cannot be read. */
  open(snapshot: Uint8Array | null): Machine<E>;
  /** Hands effects on, at least once each, in order. */
  handOn(effects: Effect<E>[]): Promise<void>;
}

export interface ConsumerOptions<E> {
  held: Held;
  workings: Workings<E>;
  deadLetters: DeadLetters;
  /** The lease is gone, or the consumer cannot go on: everything in memory is void. */
  onLost(reason: unknown): void;
  /** Jobs under way at once: the largest group. */
  groupJobsMax?: number;
}

export interface ConsumerStats {
  items: number;
  bytes: number;
  duplicates: number;
  gaps: number;
  redeliveries: number;
  groups: number;
  commitMs: number;
  checkpoints: number;
  checkpointMs: number;
  checkpointBytes: number;
  restoreMs: number;
  replayed: number;
  snapshotsRefused: number;
  rejected: Record<string, number>;
}

interface Arrival {
  job: Job;
  items: Item[];
  done(): void;
  leave(why: WaitingError): void;
}

const GROUP_JOBS_MAX = 64;
/** A group is committed as soon as it has so many items. */
const GROUP_ITEMS_MIN = 128;
/** A snapshot is written when the journal is larger than the last one, and than this. */
const JOURNAL_BYTES_MIN = 256 * 1024;
/** How long an item waits for one that should have come before it; orphans come sooner. */
const GAP_WAIT_MS = 15_000;
const ORPHAN_CHECK_MS = 1_000;
const LOCK_MS = 60_000;
const REASONS_MAX = 32;
/**
 * BullMQ closes for ever when a connection breaks while it is being made. What it may still have is
 * put back after, and refused as a copy should it have been done.
 */
const CLOSE_MS_MAX = 3_000;

export class PartitionConsumer<E> {
  readonly #options: ConsumerOptions<E>;
  #gate = new SequenceGate<Item>();
  #machine: Machine<E> | null = null;
  #birth = '';
  #applied = 0;
  #handedOn = 0;
  #journalCount = 0;
  #journalBytes = 0;
  #worker: Worker | null = null;
  #inbox: Arrival[] = [];
  /** Jobs with an item that is held, by job id. */
  readonly #waiting = new Map<string, Arrival>();
  /** The group under way. */
  #inHand: Arrival[] = [];
  /** Active jobs that were not ours at the last look. */
  #strangers = new Set<string>();
  #orphanTimer: NodeJS.Timeout | null = null;
  #turn: Promise<void> | null = null;
  #gapTimer: NodeJS.Timeout | null = null;
  #isStopping = false;
  #isOver = false;
  readonly #stats: ConsumerStats = {
    ...{ items: 0, bytes: 0, duplicates: 0, gaps: 0, redeliveries: 0, groups: 0, commitMs: 0 },
    ...{ checkpoints: 0, checkpointMs: 0, checkpointBytes: 0, restoreMs: 0, replayed: 0 },
    snapshotsRefused: 0,
    rejected: {},
  };

  constructor(options: ConsumerOptions<E>) {
    this.#options = options;
  }

  /** Restores, hands on what may not have been, puts back orphaned jobs, and begins. */
  async start(): Promise<void> {
    const { held } = this.#options;
    const startedMs = performance.now();
    await this.#restore();
    this.#stats.restoreMs = performance.now() - startedMs;
    if (this.#isOver) return;
    if ((await held.requeue()) < 0) return this.#lose('fenced');
    const { partition, client } = held;
    const worker = new Worker(partition.queue, (job) => this.#process(job), {
      prefix: partition.prefix,
      connection: client,
      concurrency: this.#options.groupJobsMax ?? GROUP_JOBS_MAX,
      autorun: false,
      skipStalledCheck: true,
      lockDuration: LOCK_MS,
      runRetryDelay: 500,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    // What goes wrong with a job leaves it active, and the orphanage puts it back.
    worker.on('error', () => {});
    this.#worker = worker;
    this.#orphanTimer = setInterval(() => void this.#adopt(), ORPHAN_CHECK_MS);
    worker.run().catch((error) => this.#lose(error));
  }

  /** Commits what is under way, writes a snapshot, puts back the rest. The lease is still held. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    // What the worker has fetched still goes through; closing waits for it.
    const closing = this.#worker?.close();
    if (this.#turn === null) this.#letGo();
    await closed(closing);
    while (this.#turn !== null) await this.#turn;
    if (this.#isOver) return;
    await this.#checkpoint();
    this.#end();
    await this.#options.held.requeue();
  }

  /** Drops everything at once: the lease is somebody else's. */
  async abandon(): Promise<void> {
    this.#end();
    await closed(this.#worker?.close(true));
  }

  stats(): ConsumerStats {
    const { duplicates, gaps } = this.#gate.counters;
    return { ...this.#stats, rejected: { ...this.#stats.rejected }, duplicates, gaps };
  }

  /** Held jobs stay active in Redis, for `requeue`: BullMQ does not touch what threw this. */
  #letGo(): void {
    for (const { leave } of this.#waiting.values()) leave(new WaitingError());
    this.#waiting.clear();
  }

  #end(): void {
    this.#isOver = true;
    if (this.#gapTimer) clearTimeout(this.#gapTimer);
    if (this.#orphanTimer) clearInterval(this.#orphanTimer);
  }

  #lose(reason: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#options.onLost(reason);
  }

  async #restore(): Promise<void> {
    const { held, workings } = this.#options;
    const { snapshot, journal, handedOn } = await held.read();
    const frame = this.#openFrame(snapshot);
    this.#birth = frame?.birth ?? randomBytes(6).toString('hex');
    this.#applied = frame?.applied ?? 0;
    this.#gate = new SequenceGate(frame?.positions ?? []);
    this.#handedOn = frame ? Math.max(handedOn, 0) : 0;
    this.#machine = frame?.machine ?? workings.open(null);
    if (frame) {
      this.#stats.checkpointBytes = snapshot?.length ?? 0;
      const effects: Effect<E>[] = [];
      for (const bytes of journal) {
        for (const item of this.#gate.admit(readEntry(bytes))) await this.#apply(item, effects);
        this.#journalBytes += bytes.length;
        this.#stats.replayed++;
      }
      this.#journalCount = journal.length;
      await this.#handOn(effects.filter(({ number }) => number > this.#handedOn));
    } else await this.#checkpoint();
  }

  /** Null when there is none, or none that can be used: then the state begins anew, counted. */
  #openFrame(snapshot: Buffer | null) {
    if (snapshot === null) return null;
    try {
      const frame = openFrame(snapshot);
      return { ...frame, machine: this.#options.workings.open(frame.state) };
    } catch {
      this.#stats.snapshotsRefused++;
      return null;
    }
  }

  async #process(job: Job): Promise<void> {
    if (job.attemptsStarted > 1) this.#stats.redeliveries++;
    let items: Item[];
    try {
      items = readMessage(job.data);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return await this.#bury('undecodable', error.message, job);
    }
    return await new Promise((done, leave) => {
      this.#inbox.push({ job, items, done, leave });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#turn !== null || this.#isOver) return;
    this.#begin(this.#turns());
  }

  #begin(turn: Promise<void>): void {
    this.#turn = turn
      .catch((error) => this.#lose(error))
      .finally(() => {
        this.#turn = null;
        // What came between the turn's last look and now.
        if (this.#inbox.length > 0) this.#schedule();
      });
  }

  async #turns(): Promise<void> {
    // Jobs that arrive in this turn of the event loop belong to the group as well.
    await new Promise(setImmediate);
    while (this.#inbox.length > 0 && !this.#isOver) {
      const arrivals = this.#nextGroup();
      this.#inHand = arrivals;
      const passed: Item[] = [];
      const effects: Effect<E>[] = [];
      for (const arrival of arrivals) {
        for (const item of arrival.items) {
          for (const ready of this.#gate.admit(item)) await this.#take(ready, passed, effects);
        }
      }
      await this.#finish(arrivals, passed, effects);
      this.#inHand = [];
    }
    if (this.#isStopping) this.#letGo();
    else this.#watchForGap();
  }

  /** Whole jobs, as many as are worth one commit; what is done goes on while the rest is judged. */
  #nextGroup(): Arrival[] {
    let items = 0;
    const end = this.#inbox.findIndex((arrival) => {
      items += arrival.items.length;
      return items >= GROUP_ITEMS_MIN;
    });
    return this.#inbox.splice(0, end < 0 ? this.#inbox.length : end + 1);
  }

  async #take(item: Item, passed: Item[], effects: Effect<E>[]): Promise<void> {
    passed.push(item);
    this.#stats.items++;
    this.#stats.bytes += item.bytes.byteLength;
    await this.#apply(item, effects, (reason, text) => this.#bury(reason, text, item));
  }

  async #finish(arrivals: Arrival[], passed: Item[], effects: Effect<E>[]): Promise<void> {
    if (!(await this.#commit(passed.map(writeEntry)))) return this.#lose('fenced');
    await this.#handOn(effects);
    for (const arrival of arrivals) this.#waiting.set(arrival.job.id ?? '', arrival);
    for (const [id, arrival] of this.#waiting) {
      if (arrival.items.some((item) => this.#gate.isHeld(item))) continue;
      this.#waiting.delete(id);
      arrival.done();
    }
    if (this.#journalBytes < Math.max(JOURNAL_BYTES_MIN, this.#stats.checkpointBytes)) return;
    if (!(await this.#checkpoint())) this.#lose('fenced');
  }

  async #apply(
    item: Item,
    effects: Effect<E>[],
    onPoison?: (reason: string, text: string) => Promise<void>,
  ): Promise<void> {
    try {
      const value = await (this.#machine as Machine<E>).apply(item);
      this.#applied++;
      effects.push({ source: this.#birth, number: this.#applied, value });
    } catch (error) {
      if (!(error instanceof PicketError) || error.code !== 'batch-invalid') throw error;
      await onPoison?.(error.code, error.message);
    }
  }

  async #commit(entries: Buffer[]): Promise<boolean> {
    if (entries.length === 0) return true;
    const startedMs = performance.now();
    const { held } = this.#options;
    const isOurs = await held.commit(this.#journalCount, this.#handedOn, entries);
    this.#journalCount += entries.length;
    for (const entry of entries) this.#journalBytes += entry.length;
    this.#stats.groups++;
    this.#stats.commitMs += performance.now() - startedMs;
    return isOurs;
  }

  async #handOn(effects: Effect<E>[]): Promise<void> {
    if (effects.length > 0) await this.#options.workings.handOn(effects);
    this.#handedOn = this.#applied;
  }

  async #checkpoint(): Promise<boolean> {
    const startedMs = performance.now();
    const frame = packFrame({
      birth: this.#birth,
      applied: this.#applied,
      positions: this.#gate.positions(),
      state: (this.#machine as Machine<E>).snapshot(),
    });
    const isOurs = await this.#options.held.checkpoint(frame, this.#handedOn);
    this.#journalCount = 0;
    this.#journalBytes = 0;
    this.#stats.checkpointBytes = frame.length;
    this.#stats.checkpoints++;
    this.#stats.checkpointMs += performance.now() - startedMs;
    return isOurs;
  }

  #watchForGap(): void {
    if (this.#gapTimer) clearTimeout(this.#gapTimer);
    this.#gapTimer = null;
    if (this.#gate.heldCount === 0 || this.#isOver) return;
    this.#gapTimer = setTimeout(() => {
      if (this.#turn !== null || this.#isOver) return;
      this.#begin(this.#goOn());
    }, GAP_WAIT_MS);
  }

  /** What should have come first did not: it was given up, or never reached Redis. */
  async #goOn(): Promise<void> {
    const passed: Item[] = [];
    const effects: Effect<E>[] = [];
    for (const item of this.#gate.giveUpWaiting()) await this.#take(item, passed, effects);
    await this.#finish([], passed, effects);
  }

  /**
   * Puts back active jobs that are not ours at two looks in a row: fetched by a holder before us
   * who woke up, or by a fetch of ours whose answer was lost. Should one be under way after all, it
   * comes a second time and is refused as a copy.
   */
  async #adopt(): Promise<void> {
    if (this.#isOver || this.#isStopping) return;
    const ours = new Set([...this.#inbox, ...this.#inHand].map(({ job }) => job.id));
    for (const id of this.#waiting.keys()) ours.add(id);
    const active = await this.#options.held.activeIds().catch(() => []);
    const strangers = active.filter((id) => !ours.has(id));
    const orphans = strangers.filter((id) => this.#strangers.has(id));
    this.#strangers = new Set(strangers);
    if (orphans.length > 0) await this.#options.held.requeue(orphans).catch(() => {});
  }

  async #bury(reason: string, text: string, what: Job | Item): Promise<void> {
    const { rejected } = this.#stats;
    const key = reason in rejected || Object.keys(rejected).length < REASONS_MAX ? reason : 'other';
    rejected[key] = (rejected[key] ?? 0) + 1;
    await this.#options.deadLetters.bury(this.#options.held.partition.id, reason, text, what);
  }
}

async function closed(closing: Promise<void> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_MS_MAX);
  });
  await Promise.race([closing?.catch(() => {}), late]);
  clearTimeout(timer);
}
