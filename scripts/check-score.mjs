// Scores the built command on the lab captures beside the repository and holds it to what we
// promise: no crash, no forbidden finding, recall, incidents and tools at least as below. What is
// missed is printed. The last line is `N passed, N failed`.
import { spawnSync } from 'node:child_process';

const SCORE = '../shared/tools/score';
const LAB = '../shared/captures/lab';
/** Shares that must be reached. Three decoy captures do not tell which source is the real one. */
const RECALL_MIN = 0.97;
const INCIDENTS_MIN = 0.75;
const TOOLS_MIN = 0.95;

const command = 'node dist/src/main.js read {file} --home {home} --json';
const run = spawnSync(process.execPath, [SCORE, '--cmd', command, '--json', LAB], {
  encoding: 'utf8',
  maxBuffer: 256 * 1024 * 1024,
});
const { total, rows } = JSON.parse(run.stdout.trim().split('\n').pop());
for (const row of rows)
  if (row.problems.length > 0) console.log(`${row.name}: ${row.problems.join('; ')}`);
const checks = [
  ['no crash', total.crashed === 0],
  ['no forbidden finding', total.forbidden === 0],
  [`recall ${total.found}/${total.expected}`, total.found >= RECALL_MIN * total.expected],
  [
    `incidents ${total.incidentOk}/${total.incidentChecks}`,
    total.incidentOk >= INCIDENTS_MIN * total.incidentChecks,
  ],
  [`tools ${total.toolOk}/${total.toolChecks}`, total.toolOk >= TOOLS_MIN * total.toolChecks],
];
for (const [what, holds] of checks) console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}`);
const failed = checks.filter(([, holds]) => !holds).length;
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
