import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from '../shared/logger.js';
import { openService } from './service.js';

const SOCKET = '/run/systemd/notify';
const WATCHED = { NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: '4000000' };

function listener(failure: string | null = null) {
  const said: string[] = [];
  const logged: string[] = [];
  const note = (_: object, message: string) => void logged.push(message);
  const log: Logger = { level: 'info', debug: note, info: note, warn: note, error: note };
  const send = (_: string, text: string) => {
    said.push(text);
    return failure;
  };
  return {
    said,
    logged,
    open: (environment: object) => openService(log, { ...environment }, send),
  };
}

describe('a service manager', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('hears nothing where there is none', () => {
    const { said, open } = listener();
    const service = open({ WATCHDOG_USEC: '4000000' });
    service.ready('watching eth0', () => null);
    vi.advanceTimersByTime(60_000);
    service.stopping();
    expect(said).toEqual([]);
  });

  it('hears that the interface is open, that packets get through, and once of the end', () => {
    const { said, logged, open } = listener();
    let batches = 0;
    const service = open(WATCHED);
    expect(said).toEqual([]);
    service.ready('watching eth0', () => batches++);
    vi.advanceTimersByTime(4_000);
    service.stopping();
    service.stopping();
    vi.advanceTimersByTime(4_000);
    const expected = ['READY=1\nSTATUS=watching eth0', 'WATCHDOG=1', 'WATCHDOG=1', 'STOPPING=1'];
    expect(said).toEqual(expected);
    expect(logged).toEqual([]);
  });

  it('hears nothing while nothing gets through, and again when something does', () => {
    const { said, logged, open } = listener();
    let batches: number | null = null;
    open(WATCHED).ready('', () => batches);
    vi.advanceTimersByTime(2_000); // Before the first packet nothing is expected.
    batches = 16;
    vi.advanceTimersByTime(2_000);
    expect(said.splice(0)).toHaveLength(3);
    vi.advanceTimersByTime(4_000);
    expect(said).toEqual([]);
    expect(logged).toHaveLength(2);
    batches = 32;
    vi.advanceTimersByTime(2_000);
    expect(said).toEqual(['WATCHDOG=1']);
  });

  it.each([
    ['there is no watchdog', { NOTIFY_SOCKET: SOCKET }],
    ['it is no number', { NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: 'soon' }],
    ['it is of another process', { ...WATCHED, WATCHDOG_PID: String(process.pid + 1) }],
  ])('hears of readiness only when %s', (_, environment) => {
    const { said, open } = listener();
    open(environment).ready('', () => null);
    vi.advanceTimersByTime(60_000);
    expect(said).toHaveLength(1);
  });

  it('that cannot be told is logged once', () => {
    const { said, logged, open } = listener('the addon is not built');
    open(WATCHED).ready('', () => null);
    vi.advanceTimersByTime(10_000);
    expect(said.length).toBeGreaterThan(2);
    expect(logged).toEqual([expect.stringContaining('the addon is not built')]);
  });
});
