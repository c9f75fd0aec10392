/**
 * Every capture with a truth file says the same through worker threads and through BullMQ with 1, 2
 * and 4 workers. Very slow, so by hand: `npx tsx test/fleet/check-captures.ts [DIR...]`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fleetAnswer } from '../support/fleet.js';
import { canonical, eventsOf, runPicket } from '../support/picket.js';
import { RedisServer } from '../support/redis-server.js';

const WORKERS = [1, 2, 4];
const ANSWER_MS_MAX = 60_000;
const ENDINGS = ['.pcap', '.pcapng', '.pcap.gz'];

interface Capture {
  path: string;
  home: string;
}

function capturesIn(folder: string): Capture[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.truth.json'))
    .map((name) => {
      const truth = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      const home = truth.home ?? truth.home_nets ?? [];
      const stem = join(folder, name.replace('.truth.json', ''));
      const path = ENDINGS.map((ending) => stem + ending).find(existsSync);
      if (path === undefined) throw new Error(`${stem}: a truth without a capture`);
      return { path, home: Array.isArray(home) ? home.join(',') : String(home) };
    });
}

async function problemOf(url: string, { path, home }: Capture): Promise<string | null> {
  const embedded = runPicket(['read', path, '--home', home, '--json']);
  const expected = canonical(eventsOf(embedded.stdout));
  for (const workers of WORKERS) {
    const namespace = `${basename(path, '.pcap')}-${workers}`;
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), ANSWER_MS_MAX));
    const run = await Promise.race([fleetAnswer({ url, namespace, home, workers }, [path]), late]);
    if (run === null) return `${workers} workers: no end within ${ANSWER_MS_MAX} ms`;
    if (run.answer !== expected) return `${workers} workers: another answer`;
  }
  return null;
}

async function main(folders: string[]): Promise<boolean> {
  const server = new RedisServer();
  await server.start();
  let passed = 0;
  let failed = 0;
  try {
    for (const capture of folders.flatMap(capturesIn)) {
      const problem = await problemOf(server.url, capture);
      if (problem === null) passed++;
      else failed++;
      if (problem !== null) console.log(`FAIL ${capture.path}: ${problem}`);
    }
  } finally {
    await server.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

const given = process.argv.slice(2);
main(given.length > 0 ? given : ['../shared/captures/lab']).then((isClean) => {
  process.exit(isClean ? 0 : 1);
});
