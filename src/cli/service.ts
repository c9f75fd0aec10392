/**
 * What a service manager hears of us (sd_notify(3)): that the interface is open, that packets still
 * get through, that we are ending. Without one, nothing is said.
 */
import { getSystemErrorName } from 'node:util';
import { loadAddon } from '../capture/load-addon.js';
import type { Logger } from '../shared/logger.js';

/** How far the work has come; null while there is none to do. Any change is progress. */
export type Progress = () => number | null;

export interface Service {
  /** The interface is open; `status` is for people. From now on the watchdog is fed. */
  ready(status: string, progress: Progress): void;
  /** Idempotent. */
  stopping(): void;
}

/** Of systemd's variables: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID. */
type Environment = Record<string, string | undefined>;

/** Sends one datagram. @returns what went wrong, as a clause, or null. */
type Send = (socket: string, text: string) => string | null;

export function openService(
  log: Logger,
  environment: Environment = process.env,
  send: Send = sendThroughAddon,
): Service {
  const socket = environment.NOTIFY_SOCKET;
  if (!socket) return { ready() {}, stopping() {} };
  let timer: NodeJS.Timeout | undefined;
  let hasFailed = false;
  let isStopping = false;
  const say = (text: string): void => {
    const failure = send(socket, text);
    if (failure !== null && !hasFailed) {
      log.warn({ socket }, `the service manager is not told how Picket does: ${failure}`);
    }
    hasFailed ||= failure !== null;
  };
  return {
    ready(status, progress) {
      clearInterval(timer);
      say(`READY=1\nSTATUS=${status}`);
      timer = feedWatchdog(environment, progress, say, log);
    },
    stopping() {
      clearInterval(timer);
      if (!isStopping) say('STOPPING=1');
      isStopping = true;
    },
  };
}

/** At half the time the watchdog waits, and only when something got through since the last time. */
function feedWatchdog(
  environment: Environment,
  progress: Progress,
  say: (text: string) => void,
  log: Logger,
): NodeJS.Timeout | undefined {
  const periodMs = watchdogMs(environment) / 2;
  if (periodMs === 0) return undefined;
  let before = progress();
  const timer = setInterval(() => {
    const now = progress();
    if (now === null || now !== before) say('WATCHDOG=1');
    else log.error({ seconds: periodMs / 1000 }, 'nothing gets through; the watchdog is not fed');
    before = now;
  }, periodMs);
  return timer.unref();
}

/** 0 without a watchdog, or when it is another process's: sd_watchdog_enabled(3). */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: Environment): number {
  if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== process.pid) return 0;
  const us = Number(WATCHDOG_USEC ?? 0);
  return Number.isFinite(us) && us > 0 ? us / 1000 : 0;
}

/** Node knows no datagrams on Unix sockets. */
function sendThroughAddon(socket: string, text: string): string | null {
  const loaded = loadAddon();
  if ('reason' in loaded) return `${loaded.reason}; use Type=exec without WatchdogSec`;
  const errno = loaded.addon.notify(socket, text);
  return errno === 0 ? null : getSystemErrorName(-errno);
}
