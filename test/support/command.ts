/** A live `picket` as a process, its threads, and what it says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { MAIN } from './picket.js';

export interface ThreadState {
  /** Real, effective, saved and file system user. */
  uids: number[];
  gids: number[];
  effective: bigint;
  permitted: bigint;
}

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  before?: string[];
}

/** Long enough for a loaded machine; whoever waits goes on as soon as it saw what it waits for. */
export const WAIT_MS_MAX = 50_000;

export class Command {
  stderr = '';
  stdout = '';
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  /**
   * `words` are those after `picket`; `before` those that come before node, as `ip netns exec`.
   */
  constructor(words: string[], options: CommandOptions = {}) {
    const { cwd, env, before = [] } = options;
    const [program, ...rest] = [...before, process.execPath, MAIN, ...words];
    this.child = spawn(program, rest, {
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
        throw new Error(
          `${what}: not so; standard error:\n${this.stderr}\noutput:\n${this.stdout}`,
        );
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
