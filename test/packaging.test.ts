/** What an administrator installs is accepted by the programs that read it. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runPicket } from './support/picket.js';
import { scratchFolder } from './support/scratch.js';

/** Tenths of systemd's scale from 0 (safe) to 10; what is left is what a sensor needs. */
const EXPOSURE_MAX = 20;

const scratch = scratchFolder();
const unit = join(scratch, 'picket.service');
const analyze = (...words: string[]) => spawnSync('systemd-analyze', words, { encoding: 'utf8' });
const reason = analyze('--version').status === 0 ? null : 'systemd-analyze is not installed';

describe.skipIf(reason)(`the unit${reason ? ` (skipped: ${reason})` : ''}`, () => {
  it('is understood by systemd', () => {
    const text = readFileSync('packaging/picket.service', 'utf8');
    // Wherever node lies on this machine.
    writeFileSync(unit, text.replace('/usr/bin/node', process.execPath));
    const { status, stderr } = analyze('verify', unit);
    expect(stderr).not.toContain('picket.service');
    expect(status).toBe(0);
  });

  it('leaves little exposed', () => {
    const run = analyze('security', '--offline=yes', `--threshold=${EXPOSURE_MAX}`, unit);
    // Older systemd cannot judge a unit that is not loaded.
    if (/unrecognized option|unknown option/.test(run.stderr)) return;
    expect(run.status, run.stdout).toBe(0);
  });
});

it('the configuration to begin with is valid', () => {
  const outcome = runPicket(['check', '--config', 'packaging/picket.yaml']);
  expect(outcome.status, outcome.stderr).toBe(0);
});
