/** `picket run` on the laboratory's interface, and what it has said so far. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type Laboratory, PROTECTED_NET } from './namespaces.js';
import { type Event, eventsOf, MAIN } from './picket.js';

/** Long enough for a loaded machine; whoever waits goes on as soon as it saw what it waits for. */
export const WAIT_MS_MAX = 50_000;

export class Watcher {
  stdout = '';
  stderr = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;

  /** `config` is the path of a picket.yaml. */
  constructor(laboratory: Laboratory, observer: string, config: string) {
    const options = ['--home', PROTECTED_NET, '--json', '--config', config, '--observer', observer];
    // Who it becomes otherwise is what privileges.test.ts is about.
    options.push('--stay-root');
    const command = [process.execPath, MAIN, 'run', '-i', laboratory.insideInterface, ...options];
    const [program, ...words] = laboratory.in(laboratory.inside, command);
    this.child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
  }

  /** Complete lines only: the last one may be on its way. */
  get events(): Event[] {
    return eventsOf(this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1));
  }

  /** Waits until an event satisfies `wanted`. @throws Error with what was said instead. */
  async until(what: string, wanted: (event: Event) => boolean): Promise<void> {
    const deadlineMs = Date.now() + WAIT_MS_MAX;
    while (!this.events.some(wanted)) {
      if (Date.now() > deadlineMs || this.child.exitCode !== null) {
        throw new Error(`no ${what}; standard error:\n${this.stderr}\noutput:\n${this.stdout}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Runs until the first `stats`: the interface is open then. */
  async ready(): Promise<this> {
    await this.until('first stats event', (event) => event.event_type === 'stats');
    return this;
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
