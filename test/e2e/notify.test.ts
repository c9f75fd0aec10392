/** What a service manager hears of `picket run`, through the addon and a real socket. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { Command } from '../support/command.js';
import { sendToLoopback } from '../support/loopback.js';
import { isNativeBuilt } from '../support/picket.js';
import { scratchFolder } from '../support/scratch.js';

const LISTENER = resolve('test/support/notify-listener.py');
const WATCH = ['run', '-i', 'lo', '--home', '127.0.0.0/8', '--json'];

const scratch = scratchFolder();
const reason = reasonAgainst();

function reasonAgainst(): string | null {
  if (spawnSync('python3', ['--version']).status !== 0) return 'python3 is not installed';
  if (!isNativeBuilt) return 'the addon is not built';
  return process.getuid?.() === 0 ? null : 'watching the loopback needs root';
}

describe.skipIf(reason)(`sd_notify${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let command: Command | null = null;
  let listener: ChildProcess | null = null;
  afterEach(async () => {
    await command?.end();
    listener?.kill('SIGKILL');
  });

  async function listen(socket: string): Promise<string[]> {
    const heard: string[] = [];
    const child = spawn('python3', [LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    listener = child;
    createInterface({ input: child.stdout }).on('line', (line) => heard.push(JSON.parse(line)));
    while (heard.shift() === undefined) await new Promise((done) => setTimeout(done, 20));
    return heard;
  }

  it.each([
    ['a socket', join(scratch, 'notify')],
    ['an abstract name', `@picket-notify-${process.pid}`],
  ])('hears of readiness, of packets that get through and of the end: %s', async (_, socket) => {
    // Not for root alone: the sender is somebody else by then.
    chmodSync(scratch, 0o755);
    const heard = await listen(socket);
    const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '3000000' };
    command = new Command(WATCH, { cwd: scratch, env });
    await command.until('readiness is said', () => heard.length > 0);
    await sendToLoopback();
    const count = heard.length + 2;
    await command.until('the watchdog is fed', () => heard.length >= count);
    expect(await command.interrupt(), command.stderr).toBe(0);
    expect(heard[0]).toBe('READY=1\nSTATUS=watching lo');
    expect(heard.slice(1, -1).every((text) => text === 'WATCHDOG=1')).toBe(true);
    expect(heard.at(-1)).toBe('STOPPING=1');
  });

  it('that cannot be told does not stop anything', async () => {
    const env = { NOTIFY_SOCKET: join(scratch, 'nobody-listens') };
    command = new Command(WATCH, { cwd: scratch, env });
    await command.until('it is said', () => command?.stderr.includes('is not told') === true);
    expect(await command.interrupt(), command.stderr).toBe(0);
    expect(command.stderr).toContain('ENOENT');
  });
});
