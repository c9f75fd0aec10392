/** Processes of a trial: every wait has an end, and every child is ended by its id. */
import { setTimeout as pause } from 'node:timers/promises';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const WAIT_MS_MAX = 60_000;
const POLL_MS = 5;
/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Resolves when `isSo`. @throws Error naming `what` when that takes longer than a minute. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const lateMs = performance.now() + WAIT_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > lateMs)
      throw new Error(`waited ${WAIT_MS_MAX / 1000} s in vain: ${what}`);
    await pause(POLL_MS);
  }
}

export class Child {
  readonly process: ChildProcess;
  #said = '';

  /** Started at once: our command as people start it, by its first line. */
  constructor([program, ...words]: string[]) {
    this.process = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-65_536);
      });
  }

  /** Resolves when it has said so. @throws Error with all it said, when it ends instead. */
  async says(text: string): Promise<void> {
    await until(`${text} of ${this.process.spawnargs.slice(1, 4).join(' ')}`, () => {
      if (this.process.exitCode !== null) throw new Error(`it ended instead:\n${this.#said}`);
      return this.#said.includes(text);
    });
  }

  /** Seconds of processor time used so far, user and system. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.process.pid ?? 0);
  }

  /** Resident memory now, bytes. */
  rssBytes(): number {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => this.process.once('exit', () => resolve()));
    this.process.kill('SIGTERM');
    await Promise.race([exited, pause(5_000)]);
    this.process.kill('SIGKILL');
  }
}

export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
