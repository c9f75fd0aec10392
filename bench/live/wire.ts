/**
 * Two network namespaces joined by a veth pair, without addresses and without a way out: what is
 * sent into one end is heard at the other by whoever listens promiscuously, and by nobody else.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export class Wire {
  readonly sender = `picket-tx-${process.pid}`;
  readonly receiver = `picket-rx-${process.pid}`;
  readonly sendInterface = 'far0';
  readonly receiveInterface = 'near0';

  /** On any failure what was built is removed. @throws Error when `ip` fails. */
  open(): void {
    try {
      for (const name of [this.sender, this.receiver]) {
        run('ip', ['netns', 'add', name]);
        // The kernel's own neighbour discovery would be in every count.
        const off = 'net.ipv6.conf.default.disable_ipv6=1';
        run('ip', ['netns', 'exec', name, 'sysctl', '-qw', off]);
      }
      const far = ['name', this.sendInterface, 'netns', this.sender];
      const near = ['name', this.receiveInterface, 'netns', this.receiver];
      run('ip', ['link', 'add', ...far, 'type', 'veth', 'peer', ...near]);
      run('ip', ['-n', this.sender, 'link', 'set', this.sendInterface, 'up']);
      run('ip', ['-n', this.receiver, 'link', 'set', this.receiveInterface, 'up']);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Deleting a namespace deletes its end of the pair, and with it the other. Never throws. */
  close(): void {
    for (const name of [this.sender, this.receiver])
      if (existsSync(`/var/run/netns/${name}`)) spawnSync('ip', ['netns', 'del', name]);
  }

  atSender(command: string[]): string[] {
    return ['ip', 'netns', 'exec', this.sender, ...command];
  }

  atReceiver(command: string[]): string[] {
    return ['ip', 'netns', 'exec', this.receiver, ...command];
  }
}

function run(program: string, words: string[]): void {
  const ended = spawnSync(program, words, { encoding: 'utf8' });
  if (ended.error) throw ended.error;
  if (ended.status !== 0) throw new Error(`${program} ${words.join(' ')}: ${ended.stderr.trim()}`);
}
