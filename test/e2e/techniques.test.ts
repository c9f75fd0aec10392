/**
 * Every technique by its real tool, all at the same time, while both observers watch: each source
 * is reported for what it does and for nothing else.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Laboratory, LIVE_FIRST, namespacesUnavailable } from '../support/namespaces.js';
import { builtObservers, findingsOf } from '../support/picket.js';
import { scratchFolder } from '../support/scratch.js';
import { Watcher } from '../support/watcher.js';
import { GHOSTS, SETTINGS, TECHNIQUES } from './techniques.js';

const RUN_MS_MAX = 240_000;
/** An epoch, and what a loaded machine takes to say what it found in it. */
const SETTLE_MS = 5000;
const TOOLS = ['nmap', 'masscan', 'zmap', 'hping3'];

const scratch = scratchFolder();
// On CI a machine that cannot run these tests is broken, so there they fail rather than be skipped.
const reason = process.env.CI ? null : namespacesUnavailable(TOOLS);
const scenes = TECHNIQUES.map((technique, index) => ({
  ...technique,
  source: `203.0.113.${LIVE_FIRST + index}`,
  target: `198.51.100.${LIVE_FIRST + index}`,
}));

interface Ended {
  status: number | null;
  output: string;
}

function run(command: string[]): Promise<Ended> {
  const [program, ...words] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], timeout: RUN_MS_MAX });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });
}

describe.skipIf(reason)(`techniques${reason ? ` (skipped: ${reason})` : ''}`, () => {
  const laboratory = new Laboratory();
  const watchers = new Map<string, Watcher>();
  const ended = new Map<string, Ended>();
  let services: ChildProcess | null = null;

  beforeAll(async () => {
    laboratory.open();
    for (const { source, target } of scenes) laboratory.addSource(source, target);
    for (const ghost of GHOSTS) laboratory.addGhost(ghost);
    const script = join(import.meta.dirname, '../support/live-services.mjs');
    const [program, ...words] = laboratory.in(laboratory.inside, [process.execPath, script]);
    services = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise((resolve) => services?.stdout?.once('data', resolve));
    const config = join(scratch, 'techniques.yaml');
    writeFileSync(config, SETTINGS);
    for (const observer of builtObservers)
      watchers.set(observer, await new Watcher(laboratory, observer, config).ready());
    await Promise.all(
      scenes.map(async ({ name, command, source, target }) => {
        const words = laboratory.in(laboratory.outside, command(source, target, laboratory));
        ended.set(name, await run(words));
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    for (const watcher of watchers.values()) await watcher.interrupt();
  }, RUN_MS_MAX);

  afterAll(async () => {
    for (const watcher of watchers.values()) await watcher.end();
    services?.kill();
    laboratory.close();
  });

  it.each(scenes)('$name does its part', ({ name, fails }) => {
    const { status, output } = ended.get(name) ?? { status: null, output: 'did not run' };
    if (fails !== true) expect(status, output).toBe(0);
  });

  describe.each(builtObservers)('%s observer', (observer) => {
    const kindsOf = (source: string): string[] => {
      const events = findingsOf(watchers.get(observer)?.events ?? []);
      const ofSource = events.filter(({ src_ip }) => src_ip === source);
      return [...new Set(ofSource.map(({ finding }) => finding.kind))].sort();
    };

    it.each(scenes)('$name: $kinds', ({ name, source, kinds }) => {
      expect(kindsOf(source), ended.get(name)?.output).toEqual([...kinds].sort());
    });

    it('nobody else is reported but the decoys', () => {
      const known = new Set([...scenes.map(({ source }) => source), ...GHOSTS]);
      const others = findingsOf(watchers.get(observer)?.events ?? []).filter(
        ({ src_ip }) => src_ip === undefined || !known.has(src_ip),
      );
      expect(others).toEqual([]);
    });
  });
});
