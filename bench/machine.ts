/** What figures were measured on, and of which code. */
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';

export interface Machine {
  cpu: string;
  cores: number;
  memoryGib: number;
  kernel: string;
  node: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    node: process.versions.node,
  };
}

/** Date and newest commit below the tree that is measured. */
export function describeCode(): { date: string; commit: string } {
  const words = ['rev-parse', '--short=10', 'HEAD'];
  const commit = execFileSync('git', words, { encoding: 'utf8' }).trim();
  return { date: new Date().toISOString().slice(0, 10), commit };
}
