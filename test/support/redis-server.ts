/**
 * A Redis server of a test's own: a folder, a socket, nothing global. Redis or Valkey, whichever is
 * installed; PICKET_TEST_REDIS names another program.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAMS = [process.env.PICKET_TEST_REDIS, 'redis-server', 'valkey-server'];

/** The server to start, or null when none is installed: tests then say so by being skipped. */
export const redisProgram: string | null =
  PROGRAMS.find((name) => name && spawnSync(name, ['--version']).status === 0) ?? null;
export const redisMissing = redisProgram === null;
/** For a test's name, so that a skip says why. */
export const redisNote = redisMissing ? ' (skipped: no redis-server or valkey-server)' : '';

/** Settings of a server that loses nothing when it is killed: it writes before it answers. */
export const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];

const START_MS_MAX = 10_000;
const FILE = 'redis.conf';

export class RedisServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'picket-redis-'));
  readonly socket = join(this.folder, 's');
  readonly url = `unix://${this.socket}`;
  #child: ChildProcess | null = null;

  /**
   * `words` are further settings: `['--appendonly', 'yes']`; `sentinelLines` go into a file that
   * the server may write to, and make it a Sentinel.
   */
  constructor(
    readonly words: readonly string[] = [],
    sentinelLines: readonly string[] = [],
  ) {
    if (sentinelLines.length > 0)
      writeFileSync(join(this.folder, FILE), `${sentinelLines.join('\n')}\n`);
  }

  get pid(): number {
    if (!this.#child?.pid) throw new Error('the Redis server is not running');
    return this.#child.pid;
  }

  /** Starts it, or starts it again with what its folder holds. */
  async start(): Promise<void> {
    if (!redisProgram) throw new Error('no Redis server is installed');
    const settings = ['--port', '0', '--unixsocket', this.socket, '--dir', this.folder];
    const file = join(this.folder, FILE);
    const first = existsSync(file) ? [file, '--sentinel'] : ['--save', ''];
    const child = spawn(redisProgram, [...first, ...settings, ...this.words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4096);
      });
    const deadlineMs = Date.now() + START_MS_MAX;
    while (!(await answers(this.socket))) {
      if (child.exitCode !== null || Date.now() > deadlineMs)
        throw new Error(`${redisProgram} did not start:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends the process; `SIGKILL` is a crash. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function answers(socket: string): Promise<boolean> {
  if (!existsSync(socket)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const connection = createConnection(socket, () => connection.write('PING\r\n'));
    connection.once('data', (answer) => {
      connection.destroy();
      // One that wants a password answers as well.
      resolve(/^(\+PONG|-NOAUTH)/.test(answer.toString()));
    });
    connection.once('error', () => resolve(false));
  });
}
