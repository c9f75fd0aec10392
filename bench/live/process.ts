/** A program that runs until it is told to end, and what it has said. */
import { setTimeout as pause } from 'node:timers/promises';
import { type ChildProcess, spawn } from 'node:child_process';

const READY_MS_MAX = 60_000;
const END_MS_MAX = 60_000;
const LOOK_MS = 20;

/** Those that have not ended. */
const running = new Set<ChildProcess>();

/** Ends the process at a signal, but first what it has started, and `cleanUp`. */
export function cleanUpAtSignals(cleanUp: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      for (const child of running) child.kill('SIGKILL');
      cleanUp();
      process.exit(1);
    });
}

export class Program {
  readonly child: ChildProcess;
  readonly #ended: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor([program, ...words]: string[], environment: Record<string, string> = {}) {
    const env = { ...process.env, ...environment };
    this.child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env });
    running.add(this.child);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.stderr += error.message;
        resolve(null);
      });
      this.child.once('close', (status) => {
        running.delete(this.child);
        resolve(status);
      });
    });
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** @throws Error when it ends first, or does not say it in time. */
  async until(isSo: (program: Program) => boolean): Promise<void> {
    const endMs = performance.now() + READY_MS_MAX;
    while (!isSo(this)) {
      if (this.hasEnded || performance.now() > endMs)
        throw new Error(`${this.child.spawnfile} is not ready: ${this.stderr.trim().slice(-300)}`);
      await pause(LOOK_MS);
    }
  }

  /** Waits for its end. Returns its status. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Asks it to end as Ctrl-C does, and kills it when it does not. */
  async interrupt(): Promise<number | null> {
    if (!this.hasEnded) this.child.kill('SIGINT');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_MS_MAX);
    const status = await this.#ended;
    clearTimeout(timer);
    return status;
  }
}
