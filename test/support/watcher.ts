/** `picket run` on the laboratory's interface, and the events it has said so far. */
import { Command } from './command.js';
import { type Laboratory, PROTECTED_NET } from './namespaces.js';
import { type Event, eventsOf } from './picket.js';

export class Watcher extends Command {
  /** `config` is the path of a picket.yaml. */
  constructor(laboratory: Laboratory, observer: string, config: string) {
    const options = ['--home', PROTECTED_NET, '--json', '--config', config, '--observer', observer];
    // Who it becomes otherwise is what privileges.test.ts is about.
    options.push('--stay-root');
    super(['run', '-i', laboratory.insideInterface, ...options], {
      before: laboratory.in(laboratory.inside, []),
    });
  }

  /** Complete lines only: the last one may be on its way. */
  get events(): Event[] {
    return eventsOf(this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1));
  }

  /** As `until`, for an event that is wanted. */
  async untilEvent(what: string, wanted: (event: Event) => boolean): Promise<void> {
    await this.until(what, () => this.events.some(wanted));
  }

  /** Runs until the first `stats`: the interface is open then. */
  async ready(): Promise<this> {
    await this.untilEvent('first stats event', (event) => event.event_type === 'stats');
    return this;
  }
}
