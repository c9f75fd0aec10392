/** What the commands answer, as it is printed with `--json`. Untrusted when it comes from Redis. */
import * as z from 'zod';
import type { Verb } from '../transport/bullmq/command-message.js';

const text = z.string().max(300);
const count = z
  .number()
  .min(0)
  .max(2 ** 53);
const counts = z.record(text, z.number());
const list = <T extends z.ZodType>(of: T, max = 4_096) => z.array(of).max(max);

const contact = z.strictObject({
  dest_ip: text,
  proto: text,
  port: count,
  probes: list(text, 16),
  outcomes: list(text, 16),
  packets: count,
});

const sighting = z.strictObject({
  epoch: text,
  final: z.boolean(),
  tunnel: count,
  first_seen: text,
  last_seen: text,
  probes: counts,
  targets: count,
  exact: z.boolean(),
  contacts: list(contact),
  contacts_left_out: count,
});

const watch = z.strictObject({ until: text, is_over: z.boolean(), kept: count, evicted: count });

export const answerForms = {
  /** Counters by section, as in metrics. */
  report: z.strictObject({
    role: text,
    host: text,
    pid: count,
    version: text,
    uptime_s: count,
    sections: z.record(text, counts),
  }),
  watch: z.strictObject({ sensor: text, source: text, ...watch.shape }),
  dump: z.strictObject({
    sensor: text,
    source: text,
    /** What is searched: the batches kept now, and how many have gone since the start. */
    recent: z.strictObject({ batches: count, bytes: count, evicted: count }),
    watch: watch.nullable(),
    /** The newest first. */
    seen: list(sighting),
    left_out: count,
  }),
  reload: z.strictObject({
    /** The file read, or null where there are only defaults and flags. */
    file: text.nullable(),
    /** Settings that are as in the file from now on. */
    applied: list(text),
    allowlist: z.strictObject({
      entries: count,
      added: count,
      removed: count,
      /** False where nothing here looks at the allowlist. */
      is_used: z.boolean(),
    }),
    /** Settings of the file that differ from those in force. */
    needs_restart: list(text),
  }),
} satisfies Record<Verb, z.ZodType>;

export type AnswerTo<V extends Verb> = z.output<(typeof answerForms)[V]>;
export type DumpAnswer = AnswerTo<'dump'>;
export type WatchAnswer = AnswerTo<'watch'>;
export type ReportAnswer = AnswerTo<'report'>;
export type ReloadAnswer = AnswerTo<'reload'>;
