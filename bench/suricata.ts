/**
 * Suricata beside Picket on the lab captures: `npm run bench -- suricata`. Suricata runs as it is
 * installed, with its own stream and decoder rules and the SYN fan-out rules of
 * bench/rules/fan-out.rules. Who is named is held against each capture's truth, family by family.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchPath } from './contenders.js';
import { comparisonTable, type Comparison, type FamilyRow, type Score } from './comparison.js';
import { COMPARISON, PAGE, writePage } from './page.js';

const LAB = '../shared/captures/lab';
const RULES_SHIPPED = ['stream-events.rules', 'decoder-events.rules'].map((name) =>
  join('/etc/suricata/rules', name),
);
const RULES_OWN = 'bench/rules/fan-out.rules';
const SID_OWN_FIRST = 9_900_001;
const SID_OWN_LAST = 9_900_002;
const OUTPUT_SIZE_MAX = 1 << 30;
/** Kinds that say what is no scan. */
const NOISE = new Set(['syn_flood', 'backscatter', 'fan_out']);
/** Actors of a truth file that an alert may name. */
const HOSTILE = new Set(['operator', 'decoy', 'dos', 'internal_scanner']);

interface Expectation {
  kind: string[];
  src?: string | string[];
}

interface Truth {
  category: string;
  home: string[];
  expect: Expectation[];
  actors: { role: string; sources: string[] }[];
}

/** Somebody said to have done something; `kind` is null when the program has no kinds. */
interface Named {
  source: string;
  kind: string | null;
}

type Party = 'picket' | 'fanOut' | 'allRules';
const PARTIES: Party[] = ['picket', 'fanOut', 'allRules'];

/** Runs both over every capture that is no variant of another, prints and stores the table. */
export async function compareWithSuricata(): Promise<{ failed: number }> {
  const version = spawnSync('suricata', ['-V'], { encoding: 'utf8' });
  if (version.error || !existsSync(LAB)) {
    console.log(version.error ? 'suricata is not installed' : `${LAB} is not here`);
    return { failed: 1 };
  }
  const rules = scratchPath('all.rules');
  writeFileSync(rules, [...RULES_SHIPPED, RULES_OWN].map((path) => readFileSync(path)).join('\n'));
  const families = new Map<string, FamilyRow>();
  for (const name of captureNames()) {
    const truth: Truth = JSON.parse(readFileSync(join(LAB, `${name}.truth.json`), 'utf8'));
    const file = captureFile(name);
    const alerts = runSuricata(file, truth.home, rules);
    const said: Record<Party, Named[]> = {
      picket: runPicket(file, truth.home),
      fanOut: alerts.filter(({ isOwn }) => isOwn),
      allRules: alerts,
    };
    const row = families.get(truth.category) ?? emptyRow(truth.category);
    families.set(truth.category, row);
    const line = scoreCapture(truth, said, row);
    console.log(`${name.padEnd(30)} ${line}`);
  }
  const comparison: Comparison = {
    date: new Date().toISOString().slice(0, 10),
    suricata: version.stdout.match(/\d+\.\d+\.\d+/)?.[0] ?? 'unknown',
    command: 'npm run bench -- suricata',
    families: [...families.values()].sort((a, b) => b.captures - a.captures),
  };
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(COMPARISON, `${JSON.stringify(comparison, null, 2)}\n`);
  writePage();
  console.log(`\n${comparisonTable(comparison)}\n\nwritten: ${COMPARISON}, ${PAGE}`);
  return { failed: 0 };
}

/** Variants (`base__VARIANT`) hold the same traffic in another wrapping. */
function captureNames(): string[] {
  return readdirSync(LAB)
    .filter((name) => name.endsWith('.truth.json') && !name.includes('__'))
    .map((name) => name.slice(0, -'.truth.json'.length))
    .sort();
}

function captureFile(name: string): string {
  const file = ['.pcap', '.pcapng'].map((ending) => join(LAB, name + ending)).find(existsSync);
  if (file === undefined) throw new Error(`no capture beside ${name}.truth.json`);
  return file;
}

function emptyRow(family: string): FamilyRow {
  const score = (): Score => ({ hits: 0, misses: 0, falseSources: 0, falseCaptures: 0 });
  return { family, captures: 0, picket: score(), fanOut: score(), allRules: score() };
}

/** Adds one capture to its family's row; returns what to print of it. */
function scoreCapture(truth: Truth, said: Record<Party, Named[]>, row: FamilyRow): string {
  row.captures++;
  const wanted = truth.expect.filter(({ kind }) => !kind.every((one) => NOISE.has(one)));
  const hostile = new Set(
    truth.actors.filter(({ role }) => HOSTILE.has(role)).flatMap(({ sources }) => sources),
  );
  const words = PARTIES.map((party) => {
    const named = said[party];
    const score = row[party];
    const isHit = wanted.every((expectation) => named.some((one) => isMetBy(expectation, one)));
    if (wanted.length > 0 && isHit) score.hits++;
    else if (wanted.length > 0) score.misses++;
    // A decoy scan whose real source is unknown accuses no address.
    const accused = named.filter(
      ({ kind, source }) => source !== '' && (kind === null || !NOISE.has(kind)),
    );
    const wrong = new Set(accused.map(({ source }) => source).filter((ip) => !hostile.has(ip)));
    score.falseSources += wrong.size;
    if (wrong.size > 0) score.falseCaptures++;
    const verdict = wanted.length === 0 ? 'quiet' : isHit ? 'hit' : 'miss';
    return `${party} ${verdict}${wrong.size > 0 ? `, ${wrong.size} false` : ''}`;
  });
  return words.join('; ');
}

/** A program without kinds meets an expectation when it names the source. */
function isMetBy({ kind, src }: Expectation, named: Named): boolean {
  if (named.kind !== null && !kind.includes(named.kind)) return false;
  const sources = src === undefined ? [] : [src].flat();
  return sources.length === 0 || sources.includes(named.source);
}

function runPicket(file: string, home: string[]): Named[] {
  const words = ['dist/src/main.js', 'read', file, '--home', home.join(','), '--json'];
  const run = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    maxBuffer: OUTPUT_SIZE_MAX,
  });
  return eventsIn(run.stdout)
    .filter((event) => event.event_type === 'finding')
    .map((event) => ({ source: event.src_ip ?? '', kind: event.finding.kind }));
}

function runSuricata(file: string, home: string[], rules: string): (Named & { isOwn: boolean })[] {
  const folder = scratchPath('suricata-alerts');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const nets = ['--set', `vars.address-groups.HOME_NET=[${home.join(',')}]`];
  const words = ['-r', file, '-S', rules, '-l', folder, '--runmode', 'single', ...nets];
  const run = spawnSync('suricata', words, { encoding: 'utf8', maxBuffer: OUTPUT_SIZE_MAX });
  if (run.status !== 0) throw new Error(`suricata on ${file}: ${run.stderr.trim()}`);
  return eventsIn(readFileSync(join(folder, 'eve.json'), 'utf8'))
    .filter((event) => event.event_type === 'alert' && event.src_ip !== undefined)
    .map((event) => {
      const sid: number = event.alert.signature_id;
      const isOwn = sid >= SID_OWN_FIRST && sid <= SID_OWN_LAST;
      return { source: event.src_ip, kind: null, isOwn };
    });
}

// biome-ignore lint/suspicious/noExplicitAny: two programs' events, of which few fields are read.
function eventsIn(text: string): Record<string, any>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}
