/**
 * A laboratory of two network namespaces joined by a veth pair: an outside with one address, and a
 * protected network behind it. Nothing in it can reach the machine's own network.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export const OUTSIDE_ADDRESS = '203.0.113.2';
const INSIDE_ADDRESS = '203.0.113.1';
export const PROTECTED_NET = '198.51.100.0/24';
/** Addresses 10 to 39 of the protected network answer; the others are silent. */
export const LIVE_FIRST = 10;
export const LIVE_COUNT = 30;

function ip(words: string[]): void {
  const run = spawnSync('ip', words, { encoding: 'utf8' });
  if (run.error) throw run.error;
  if (run.status !== 0) throw new Error(`ip ${words.join(' ')}: ${run.stderr.trim()}`);
}

/** Why the laboratory, or one of the programs, cannot be used here, or null. Leaves nothing. */
export function namespacesUnavailable(programs: readonly string[] = []): string | null {
  for (const program of programs) {
    if (spawnSync('which', [program]).status !== 0) return `${program} is not installed`;
  }
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `picket-probe-${process.pid}`;
  const run = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (run.error) return 'the ip command is missing (apt-get install iproute2)';
  if (run.status !== 0) return `ip netns add: ${run.stderr.trim()}`;
  ip(['netns', 'del', name]);
  return null;
}

export class Laboratory {
  readonly outside = `picket-out-${process.pid}`;
  readonly inside = `picket-in-${process.pid}`;
  readonly outsideInterface = 'far0';
  /** The interface to watch: the protected network's side of the pair. */
  readonly insideInterface = 'near0';

  /** Builds it; on any failure what was built is removed. @throws Error when `ip` fails. */
  open(): void {
    try {
      ip(['netns', 'add', this.outside]);
      ip(['netns', 'add', this.inside]);
      const far = ['name', this.outsideInterface, 'netns', this.outside];
      const near = ['name', this.insideInterface, 'netns', this.inside];
      ip(['link', 'add', ...far, 'type', 'veth', 'peer', ...near]);
      this.setUp();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Deleting a namespace deletes its end of the pair, and with it the other. Never throws. */
  close(): void {
    for (const name of [this.outside, this.inside]) {
      if (existsSync(`/var/run/netns/${name}`)) spawnSync('ip', ['netns', 'del', name]);
    }
  }

  /** The words that run a command in a namespace. */
  in(namespace: string, command: string[]): string[] {
    return ['ip', 'netns', 'exec', namespace, ...command];
  }

  /** Hardware address of the watched interface, which the outside must send to. */
  insideMac(): string {
    return this.macOf(this.inside, this.insideInterface);
  }

  /**
   * Gives the outside one more address of 203.0.113.0/24, from which it talks to the protected
   * `target`: kernel sockets and scanners then take it as their source by themselves.
   */
  addSource(source: string, target: string): void {
    this.addAddress(source);
    ip(['-n', this.outside, 'route', 'add', target, 'via', INSIDE_ADDRESS, 'src', source]);
  }

  /** Gives the outside one more address of 203.0.113.0/24, to be asked for by name. */
  addAddress(source: string): void {
    ip(['-n', this.outside, 'address', 'add', `${source}/32`, 'dev', this.outsideInterface]);
  }

  /** Answers to an address that nobody has leave the protected network all the same. */
  addGhost(address: string): void {
    const mac = this.macOf(this.outside, this.outsideInterface);
    const place = ['lladdr', mac, 'dev', this.insideInterface];
    ip(['-n', this.inside, 'neighbour', 'add', address, ...place]);
  }

  /** Takes the watched interface down, or up again. */
  setInside(state: 'up' | 'down'): void {
    ip(['-n', this.inside, 'link', 'set', this.insideInterface, state]);
  }

  private macOf(namespace: string, name: string): string {
    const [program, ...words] = this.in(namespace, ['cat', `/sys/class/net/${name}/address`]);
    return spawnSync(program, words, { encoding: 'utf8' }).stdout.trim();
  }

  private setUp(): void {
    const { outside, inside } = this;
    ip(['-n', outside, 'address', 'add', `${OUTSIDE_ADDRESS}/24`, 'dev', this.outsideInterface]);
    ip(['-n', inside, 'address', 'add', `${INSIDE_ADDRESS}/24`, 'dev', this.insideInterface]);
    for (const [namespace, name] of [
      [outside, this.outsideInterface],
      [inside, this.insideInterface],
    ]) {
      ip(['-n', namespace, 'link', 'set', 'lo', 'up']);
      ip(['-n', namespace, 'link', 'set', name, 'up']);
    }
    for (let index = 0; index < LIVE_COUNT; index++) {
      const address = `198.51.100.${LIVE_FIRST + index}/32`;
      ip(['-n', inside, 'address', 'add', address, 'dev', 'lo']);
    }
    ip(['-n', inside, 'route', 'add', 'blackhole', PROTECTED_NET]);
    ip(['-n', outside, 'route', 'add', PROTECTED_NET, 'via', INSIDE_ADDRESS]);
  }
}
