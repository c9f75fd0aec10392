/** `picket command`: tell a process of a fleet what to do, and print what it answers. */
import { type AnswerTo, answerForms, type DumpAnswer } from '../../fleet/command-answers.js';
import type { Fleet } from '../../fleet/fleet.js';
import { PicketError } from '../../shared/errors.js';
import { safeJson, safeText } from '../../shared/text.js';
import {
  addressOf,
  type Request,
  VERBS,
  type Verb,
  WAIT_MS_MAX,
  WATCH_S_MAX,
} from '../../transport/bullmq/command-message.js';
import { sendCommand } from '../../transport/bullmq/command-sender.js';
import { listMembers } from '../../transport/bullmq/members.js';
import { configFor } from '../configuration.js';
import type { FleetFlags } from '../flags.js';
import { onStopSignal } from '../signals.js';
import { print } from '../stdout.js';
import { answerPage, sightingLine } from './command-page.js';
import { type Target, targetsOf } from './command-target.js';
import { leaveFleet, openFleet } from './connect.js';

export interface CommandFlags extends FleetFlags {
  /** A duration: `90s`, `10m`, `2h`, `1d`. */
  for?: string;
  wait?: string;
  follow?: boolean;
}

const WATCH_DEFAULT = '1h';
const WAIT_DEFAULT = '5s';
const FOLLOW_EVERY_MS = 2_000;
const AT_ONCE_MAX = 32;
/** Redis answers within this beyond what a command may take, or not at all. */
const REDIS_MS_MAX = 5_000;

/**
 * Prints every answer; ends with an error that says who did not do it, and why.
 * @throws PicketError `usage`, `command-failed`, and for what is wrong before it begins.
 */
export async function command(
  wanted: string,
  verb: string,
  source: string | undefined,
  flags: CommandFlags,
): Promise<number> {
  const request = requestOf(verb, source, flags);
  const waitMs = 1000 * secondsOf('--wait', flags.wait ?? WAIT_DEFAULT, WAIT_MS_MAX / 1000);
  if (waitMs === 0) throw new PicketError('usage', '--wait 0: nobody answers at once; take 5s.');
  const { fleet } = openFleet('command', flags, configFor(flags));
  try {
    const members = await fleet.answer(listMembers(fleet.client, fleet.keys));
    const targets = targetsOf(members, wanted, request.verb);
    const ask = (one: Request) => askAll(fleet, targets, one, waitMs);
    tell(await ask(request), request.verb, flags.json === true);
    if (flags.follow) await follow(ask, request, flags.json === true);
  } finally {
    leaveFleet(fleet);
  }
  return 0;
}

/** @throws PicketError `usage` */
function requestOf(verb: string, source: string | undefined, flags: CommandFlags): Request {
  const known = VERBS.find((one) => one === verb);
  if (known === undefined)
    throw new PicketError('usage', `${safeText(verb)}: take ${VERBS.join(', ')}.`);
  if (flags.for !== undefined && known !== 'watch')
    throw new PicketError('usage', `--for belongs to watch, not to ${known}.`);
  if (flags.follow && known !== 'watch' && known !== 'dump')
    throw new PicketError('usage', `--follow belongs to watch and dump, not to ${known}.`);
  if (known === 'report' || known === 'reload') {
    if (source === undefined) return { verb: known };
    throw new PicketError('usage', `${known} takes no source.`);
  }
  const address = addressOf(source ?? '');
  if (address === null) {
    const given = source === undefined ? '' : `${safeText(source)} is no address. `;
    throw new PicketError('usage', `${given}Which source? Give one IPv4 or IPv6 address.`);
  }
  if (known === 'dump') return { verb: known, source: address };
  const forS = secondsOf('--for', flags.for ?? WATCH_DEFAULT, WATCH_S_MAX);
  return { verb: known, source: address, forS };
}

/**
 * `90s`, `10m`, `2h`, `1d`; a bare number is seconds.
 * @throws PicketError `usage`
 */
export function secondsOf(flag: string, text: string, max: number): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  const unit = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 }[match?.[2] ?? ''] as number;
  const seconds = Number(match?.[1]) * unit;
  if (match && seconds <= max) return seconds;
  throw new PicketError('usage', `${flag} ${safeText(text)}: take 90s, 10m, 2h, at most ${max} s.`);
}

type Told =
  | { name: string; answer: AnswerTo<Verb> }
  | { name: string; refused: string; text: string };

/** Asks many at once, so that a slow one holds up few. */
async function askAll(
  fleet: Fleet,
  targets: readonly Target[],
  request: Request,
  waitMs: number,
): Promise<Told[]> {
  const told: Told[] = [];
  for (let at = 0; at < targets.length; at += AT_ONCE_MAX) {
    const some = targets.slice(at, at + AT_ONCE_MAX);
    told.push(...(await Promise.all(some.map((one) => askOne(fleet, one, request, waitMs)))));
  }
  return told;
}

async function askOne(
  { client, keys }: Fleet,
  { name, address }: Target,
  request: Request,
  waitMs: number,
): Promise<Told> {
  try {
    const sent = sendCommand(client, keys, address, request, waitMs);
    const answer = await within(waitMs + REDIS_MS_MAX, sent);
    if ('refused' in answer) return { name, refused: answer.refused, text: answer.text };
    const read = answerForms[request.verb].safeParse(answer.done);
    if (read.success) return { name, answer: read.data };
    return { name, refused: 'malformed', text: 'What came back is no answer to this.' };
  } catch (error) {
    if (!(error instanceof PicketError)) throw error;
    return { name, refused: 'unanswered', text: error.message };
  }
}

/** @throws PicketError `command-failed` after the answers there are. */
function tell(answers: readonly Told[], verb: Verb, isJson: boolean): void {
  for (const told of answers) {
    if (isJson) {
      const { name, ...rest } = told;
      print(`${safeJson({ name, verb, ...rest })}\n`);
    } else if ('answer' in told) print(answerPage(verb, told.name, told.answer as never));
  }
  const failed = answers.filter((told) => 'refused' in told);
  if (failed.length === 0) return;
  const lines = failed.map(({ name, refused, text }) => {
    // A configuration's mistakes have a line each.
    const said = text.split('\n').map((line) => safeText(line, 500));
    return `${safeText(name)}: ${refused}: ${said.join('\n')}`;
  });
  throw new PicketError('command-failed', lines.join('\npicket: '));
}

/** Prints whole epochs as they come, until a signal, or the end of the watch. */
async function follow(
  ask: (request: Request) => Promise<Told[]>,
  request: Request,
  isJson: boolean,
): Promise<void> {
  if (request.verb !== 'watch' && request.verb !== 'dump') return;
  const { source } = request;
  const forMs = request.verb === 'watch' ? request.forS * 1000 : Number.POSITIVE_INFINITY;
  const endMs = performance.now() + forMs;
  let isStopped = false;
  let wake = () => {};
  const release = onStopSignal(() => {
    isStopped = true;
    wake();
  });
  /** Keys of what the last answers held: what was there before `dump --follow` has been printed. */
  let known: Set<string> | null = null;
  while (!isStopped && performance.now() < endMs) {
    const answers = await ask({ verb: 'dump', source });
    const isFirst: boolean = known === null;
    const before: Set<string> = known ?? new Set();
    known = new Set();
    for (const told of answers) {
      if ('refused' in told) throw new PicketError('command-failed', `${told.name}: ${told.text}`);
      for (const sighting of [...(told.answer as DumpAnswer).seen].reverse()) {
        if (!sighting.final) continue;
        const key = `${told.name} ${sighting.epoch} ${sighting.tunnel}`;
        known.add(key);
        if (isFirst || before.has(key)) continue;
        const { name } = told;
        if (isJson) print(`${safeJson({ name, verb: 'sighting', source, sighting })}\n`);
        else print(`${safeText(`${name}: ${sightingLine(sighting).trim()}`, 300)}\n`);
      }
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FOLLOW_EVERY_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  release();
}

/** @throws PicketError `command-failed` when Redis has gone meanwhile. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const gone = new PicketError('command-failed', 'Redis does not answer any more.');
    timer = setTimeout(() => reject(gone), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
