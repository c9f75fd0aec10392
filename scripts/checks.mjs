// Runs the project's checks one after the other and adds up what they counted. The last line is
// `N passed, N failed` (`, N skipped` when some could not run here, each with its reason above).
//   node scripts/checks.mjs [--all] [--only NAME]
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { QUICK, SLOW } from './check-list.mjs';

const all = process.argv.includes('--all');
const onlyAt = process.argv.indexOf('--only');
const only = onlyAt < 0 ? '' : process.argv[onlyAt + 1];
const total = { passed: 0, failed: 0, skipped: 0 };

for (const check of [...QUICK, ...(all ? SLOW : [])]) {
  if (!check.name.includes(only)) continue;
  const reason = check.unless?.();
  if (reason) {
    console.log(`skip  ${check.name}: ${reason}`);
    total.skipped++;
    continue;
  }
  const started = Date.now();
  const counts = runCheck(check);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const detail = `${counts.passed} passed, ${counts.failed} failed`;
  console.log(`${counts.failed > 0 ? 'FAIL' : 'ok  '}  ${check.name} (${seconds} s): ${detail}`);
  for (const key of Object.keys(total)) total[key] += counts[key];
}

const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

/** Runs one check. Its own output is shown only when it fails, but for lines of figures. */
function runCheck(check) {
  if (check.report) rmSync(check.report, { force: true });
  const run = spawnSync('bash', ['-c', check.command], {
    encoding: 'utf8',
    env: { ...process.env, ...check.env },
    timeout: (check.minutes ?? 10) * 60_000,
    maxBuffer: 256 * 1024 * 1024,
  });
  const text = `${run.stdout}${run.stderr}`;
  let counts = check.count?.(check.report ? readReport(check.report) : text) ?? null;
  const isBroken = run.status !== 0 || run.error !== undefined;
  if (counts === null || (isBroken && counts.failed === 0)) {
    counts = { passed: 0, failed: 0, skipped: 0, ...counts };
    if (isBroken || check.count) counts.failed++;
    else counts.passed++;
  }
  if (check.figures && counts.failed === 0) {
    for (const line of text.split('\n')) if (check.figures.test(line)) console.log(`      ${line}`);
  }
  if (counts.failed > 0) {
    console.log(text.split('\n').slice(-120).join('\n'));
    if (run.error) console.log(String(run.error));
  }
  return { passed: 0, failed: 0, skipped: 0, ...counts };
}

function readReport(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
