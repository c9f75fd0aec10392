/** Sends a command to one process of a fleet and waits for its answer. */
import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import { PicketError } from '../../shared/errors.js';
import {
  type Answer,
  COMMAND_VERSION,
  INBOX_BOUNDS,
  readAnswer,
  type Request,
} from './command-message.js';
import type { Inbox, Keys } from './keys.js';
import { tidyQueue } from './queue-life.js';
import { type RedisClient, redisTimeMs } from './redis.js';

const POLL_MS = 50;
/** A command that is begun just before its deadline answers after it. */
const GRACE_MS = 1_000;

/**
 * The answer of whoever has the address. What was not begun within `waitMs` is not done later: it
 * is taken back, and its deadline says so too.
 * @throws PicketError `command-failed` without an answer, or when too many commands wait there.
 */
export async function sendCommand(
  client: RedisClient,
  keys: Keys,
  address: string,
  request: Request,
  waitMs: number,
): Promise<Answer> {
  const inbox = keys.inbox(address);
  const queue = new Queue(inbox.queue, {
    prefix: inbox.prefix,
    connection: client,
    streams: { events: { maxLen: 16 } },
  });
  queue.on('error', () => {});
  try {
    const waiting = await queue.getWaitingCount();
    if (waiting >= INBOX_BOUNDS.waitingMax)
      throw new PicketError(
        'command-failed',
        `${waiting} commands wait there already: is the process there, who sends so many?`,
      );
    const id = `c-${randomBytes(12).toString('base64url')}`;
    const deadlineMs = (await redisTimeMs(client)) + waitMs;
    const data = { v: COMMAND_VERSION, deadlineMs, ...request };
    const once = { attempts: 1, removeOnComplete: true, removeOnFail: true };
    await queue.add(request.verb, data, { jobId: id, ...once });
    await client.pexpire(`${inbox.prefix}:${inbox.queue}:${id}`, waitMs + GRACE_MS);
    await tidyQueue(client, inbox, INBOX_BOUNDS);
    const text = await answerTo(client, inbox, id, waitMs + GRACE_MS);
    if (text !== null) return readAnswer(text);
    const isTakenBack = await queue.remove(id).then(Boolean, () => false);
    throw new PicketError('command-failed', noAnswerText(waitMs, isTakenBack));
  } catch (error) {
    if (error instanceof RangeError)
      throw new PicketError('command-failed', `What came back is ${error.message}.`);
    if (error instanceof Error && error.name === 'ReplyError')
      throw new PicketError('command-failed', `Redis refuses: ${error.message}.`);
    throw error;
  } finally {
    await queue.close();
  }
}

async function answerTo(
  client: RedisClient,
  { answers }: Inbox,
  id: string,
  waitMs: number,
): Promise<string | null> {
  const endMs = performance.now() + waitMs;
  while (performance.now() < endMs) {
    const text = await client.get(answers + id);
    if (text !== null) {
      await client.del(answers + id);
      return text;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return null;
}

function noAnswerText(waitMs: number, isTakenBack: boolean): string {
  const seconds = Number((waitMs / 1000).toFixed(1));
  return isTakenBack
    ? `No answer within ${seconds} s; the command was not begun and has been taken back.`
    : `No answer within ${seconds} s, though the command was taken: it may have been done.`;
}
