/** Live commands started by root: who they are once the interface is open. On the loopback. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { accountOf } from '../../src/cli/privileges.js';
import { Command } from '../support/command.js';
import { sendToLoopback } from '../support/loopback.js';
import { builtObservers, runPicket } from '../support/picket.js';
import { scratchFolder } from '../support/scratch.js';

const NET_RAW = 1n << 13n;
const WATCH = ['run', '-i', 'lo', '--home', '127.0.0.0/8', '--json'];
/** Nobody listens there: what is captured goes to the spool. */
const SENSE = ['sense', '-i', 'lo', '--home', '127.0.0.0/8', '--redis', 'redis://127.0.0.1:1'];

const scratch = scratchFolder();
const nobody = accountOf('nobody', readFileSync('/etc/passwd', 'utf8'));
const reason =
  process.getuid?.() !== 0
    ? 'only root can become another'
    : process.platform !== 'linux' || nobody === null
      ? 'needs Linux with a user nobody'
      : null;

describe.skipIf(reason)(`root${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let command: Command | null = null;
  afterEach(async () => command?.end());

  function watch(words: string[], settings = '', folder = 'any'): Command {
    const cwd = join(scratch, folder);
    mkdirSync(cwd, { recursive: true });
    writeFileSync(join(cwd, 'picket.yaml'), settings);
    // The scratch folder is root's alone, as a home is.
    command = new Command(words, { cwd });
    return command;
  }
  const isDropped = (running: Command) => () => running.stderr.includes('no longer root');

  it.runIf(builtObservers.includes('native'))(
    'is given up when all rings are open, and each may open its own again',
    async () => {
      const running = watch([...WATCH, '--observer', 'native'], 'capture: { rings: 2 }', 'rings');
      await running.until('root is given up', isDropped(running));
      await running.until('two threads keep CAP_NET_RAW and nothing else', () => {
        const kept = running.threads().filter(({ permitted }) => permitted !== 0n);
        return kept.length === 2 && kept.every(({ permitted }) => permitted === NET_RAW);
      });
      expect(await running.interrupt(), running.stderr).toBe(0);
    },
  );

  it.each(builtObservers)('is given up in every thread, and events go on: %s', async (observer) => {
    const outputs = 'outputs: { stats_interval_s: 1, eve: { enabled: true, path: eve.json } }';
    const running = watch([...WATCH, '--observer', observer], outputs, observer);
    await running.until('root is given up', isDropped(running));
    // The capture thread hears of it a moment later.
    await running.until('no capability but CAP_NET_RAW is left', () =>
      running.threads().every(({ permitted }) => (permitted & ~NET_RAW) === 0n),
    );
    const threads = running.threads();
    for (const { uids, gids, effective, permitted } of threads) {
      expect(new Set(uids)).toEqual(new Set([nobody?.uid]));
      expect(new Set(gids)).toEqual(new Set([nobody?.gid]));
      expect(effective).toBe(permitted);
    }
    // One thread may open the interface again; the TypeScript observer has none such.
    const keeping = threads.filter(({ permitted }) => permitted !== 0n);
    expect(keeping).toHaveLength(observer === 'native' ? 1 : 0);
    await sendToLoopback();
    await running.until('packets are counted', () => /"frames":[1-9]/.test(running.stdout));
    expect(await running.interrupt(), running.stderr).toBe(0);
    expect(readFileSync(join(scratch, observer, 'eve.json'), 'utf8')).toContain('"stats"');
  });

  it('is kept on request', async () => {
    const running = watch([...WATCH, '--stay-root'], 'outputs: { stats_interval_s: 1 }');
    await running.until('first stats', () => running.stdout.includes('"stats"'));
    expect(running.threads().every(({ uids }) => uids.every((uid) => uid === 0))).toBe(true);
    expect(await running.interrupt(), running.stderr).toBe(0);
    expect(running.stderr).not.toContain('no longer root');
  });

  it('is not kept because the user does not exist', () => {
    const config = join(scratch, 'nosuch.yaml');
    writeFileSync(config, 'privileges: { user: no-such-user }\n');
    const outcome = runPicket([...WATCH, '--config', config]);
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toMatch(/no-such-user.*useradd.*setcap.*--stay-root/s);
    expect(outcome.stdout).toBe('');
  });

  it('is not needed for a spool that Picket makes', async () => {
    chmodSync(scratch, 0o755);
    const running = watch(SENSE, 'spool: { path: made }', 'sense');
    await running.until('root is given up', isDropped(running));
    expect(statSync(join(scratch, 'sense', 'made')).uid).toBe(nobody?.uid);
    await sendToLoopback();
    await running.until('something is spooled', () => isSpooled(join(scratch, 'sense', 'made')));
    expect(running.child.exitCode).toBeNull();
  });

  it('is not given up in vain: a spool of root is refused before anything is lost', async () => {
    mkdirSync(join(scratch, 'sense', 'of-root'), { recursive: true, mode: 0o755 });
    const running = watch(SENSE, 'spool: { path: of-root }', 'sense');
    expect(await running.ended).toBe(2);
    expect(running.stderr).toMatch(/spool\.path .*of-root.*chown -R nobody: .*--stay-root/);
  });
});

function isSpooled(folder: string): boolean {
  return readdirSync(folder).some((name) => name.endsWith('.spool'));
}
