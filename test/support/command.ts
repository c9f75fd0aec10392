/** A live `picket` as a process, its threads, and what it says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { MAIN } from './picket.js';
import { WAIT_MS_MAX } from './watcher.js';

export interface ThreadState {
  /** Real, effective, saved and file system user. */
  uids: number[];
  gids: number[];
  effective: bigint;
  permitted: bigint;
}

export class Command {
  stderr = '';
  stdout = '';
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(words: string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
    const { cwd, env } = options;
    this.child = spawn(process.execPath, [MAIN, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd !== undefined && { cwd }),
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
  }

  /** Waits until `holds`. @throws Error with what was said, when it ends before or takes long. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const deadlineMs = Date.now() + WAIT_MS_MAX;
    while (!holds()) {
      if (Date.now() > deadlineMs || this.child.exitCode !== null) {
        throw new Error(`${what}: not so; standard error:\n${this.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Every thread of the process and of the processes it started, as /proc tells. */
  threads(): ThreadState[] {
    const own = this.child.pid as number;
    return [own, ...childrenOf(own)].flatMap((pid) =>
      readdirSync(`/proc/${pid}/task`).map((task) => stateOf(`/proc/${pid}/task/${task}/status`)),
    );
  }

  /** As Ctrl-C does. Returns the exit status. */
  async interrupt(): Promise<number | null> {
    this.child.kill('SIGINT');
    return this.ended;
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }
}

function childrenOf(pid: number): number[] {
  const words = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return words.filter((word) => word !== '').map(Number);
}

function stateOf(path: string): ThreadState {
  const status = readFileSync(path, 'utf8');
  const words = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  const ids = (name: string) => words(name).split('\t').map(Number);
  return {
    uids: ids('Uid'),
    gids: ids('Gid'),
    effective: BigInt(`0x${words('CapEff')}`),
    permitted: BigInt(`0x${words('CapPrm')}`),
  };
}
