/**
 * What is asked of a process of a fleet, and what it answers. Both travel through Redis, where
 * anybody may have written them: nothing is used before it has been read here.
 */
import * as z from 'zod';
import { parseNetwork } from '../../shared/cidr.js';

/**
 * `report`: its counters now. `watch`: look after a source. `dump`: what was seen of a source.
 * `reload`: read the configuration again.
 */
export const VERBS = ['report', 'watch', 'dump', 'reload'] as const;
export type Verb = (typeof VERBS)[number];

export const COMMAND_VERSION = 1;
/** Characters of JSON. */
/** Commands that may wait for one process, and how long an inbox lives that nobody looks after. */
export const INBOX_BOUNDS = { waitingMax: 64, giveUp: 'newest', keepMs: 600_000 } as const;
export const COMMAND_SIZE_MAX = 2_048;
/** Characters of JSON; whoever answers says less rather than more than this. */
export const ANSWER_SIZE_MAX = 131_072;
/** The longest a command may wait for its execution, and a watch may last. */
export const WAIT_MS_MAX = 60_000;
export const WATCH_S_MAX = 604_800;

/** One IPv4 or IPv6 address, in canonical text. */
const address = z
  .string()
  .max(64)
  .refine((text) => addressOf(text) !== null)
  .overwrite((text) => addressOf(text) ?? text);
const timeMs = z
  .number()
  .min(0)
  .max(2 ** 53);
const common = {
  v: z.literal(COMMAND_VERSION),
  /** By the clock of Redis, milliseconds since 1970: not executed later. */
  deadlineMs: timeMs,
};
const commandForm = z.discriminatedUnion('verb', [
  z.strictObject({ ...common, verb: z.literal('report') }),
  z.strictObject({ ...common, verb: z.literal('reload') }),
  /** For so many seconds from now; 0 ends it. */
  z.strictObject({
    ...common,
    verb: z.literal('watch'),
    source: address,
    forS: z.int().min(0).max(WATCH_S_MAX),
  }),
  z.strictObject({ ...common, verb: z.literal('dump'), source: address }),
]);
export type Command = z.output<typeof commandForm>;
export type CommandOf<V extends Verb> = Extract<Command, { verb: V }>;
type WithoutCommon<C> = C extends Command ? Omit<C, 'v' | 'deadlineMs'> : never;
/** As people ask it. */
export type Request = WithoutCommon<Command>;

/** Why a command was not executed. */
export const REFUSALS = [
  'malformed',
  'too-large',
  'late',
  'duplicate',
  'not-here',
  'config-invalid',
  'full',
  'failed',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Thrown by whoever executes a command and does not. `message` is for people. */
export class CommandRefused extends Error {
  constructor(
    readonly reason: Refusal,
    message: string,
  ) {
    super(message);
  }
}

const answerForm = z.union([
  z.strictObject({ v: z.literal(COMMAND_VERSION), done: z.unknown() }),
  z.strictObject({
    v: z.literal(COMMAND_VERSION),
    refused: z.enum(REFUSALS),
    text: z.string().max(8_192),
  }),
]);
export type Answer = z.output<typeof answerForm>;

/** @throws CommandRefused `too-large`, `malformed`. */
export function readCommand(data: unknown): Command {
  const size = JSON.stringify(data)?.length ?? 0;
  if (size > COMMAND_SIZE_MAX)
    throw new CommandRefused('too-large', `A command of ${size} characters.`);
  const read = commandForm.safeParse(data);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const where = issue.path.map(String).join('.').slice(0, 60) || 'form';
  throw new CommandRefused('malformed', `Not a command of this version: its ${where} is wrong.`);
}

/** The text of an answer; one that is too large becomes a refusal. */
export function writeAnswer(answer: Answer): string {
  const text = JSON.stringify(answer);
  if (text.length <= ANSWER_SIZE_MAX) return text;
  const why = `The answer has ${text.length} characters; at most ${ANSWER_SIZE_MAX} are sent.`;
  return JSON.stringify({ v: COMMAND_VERSION, refused: 'failed', text: why } satisfies Answer);
}

/** @throws RangeError when it is none. */
export function readAnswer(text: string): Answer {
  if (text.length > ANSWER_SIZE_MAX) throw new RangeError('an answer that is too large');
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new RangeError('an answer that is not JSON');
  }
  const read = answerForm.safeParse(data);
  if (!read.success) throw new RangeError('an answer of another form');
  return read.data;
}

/** Canonical text of one address; null when it is none, or a network. */
export function addressOf(text: string): string | null {
  if (text.includes('/')) return null;
  return parseNetwork(text)?.cidr.replace(/\/\d+$/, '') ?? null;
}
