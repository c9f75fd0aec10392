/** Runs one command once and measures it from outside: every trial is a process of its own. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface Run {
  /** From the start of the process to its end, start-up included. */
  seconds: number;
  /**
   * Largest resident set the kernel saw, all threads; 0 where /proc is missing or it ended at once.
   */
  peakRssBytes: number;
  status: number | null;
  stderr: string;
}

/**
 * Often enough that the high-water mark is read shortly before the end, rare enough to cost
 * nothing.
 */
const MEMORY_POLL_MS = 25;
const STDERR_SIZE_MAX = 64 * 1024;
/** Where it names certificates, node reads all there are at each start: 0.05 s of no program's. */
const { NODE_EXTRA_CA_CERTS: _, ...ENVIRONMENT } = process.env;

export function measure(command: string[], stdoutPath: string): Promise<Run> {
  const [program, ...words] = command;
  return new Promise((resolve, reject) => {
    const stdout = openSync(stdoutPath, 'w');
    const startedNs = process.hrtime.bigint();
    const child = spawn(program, words, { stdio: ['ignore', stdout, 'pipe'], env: ENVIRONMENT });
    closeSync(stdout);
    let stderr = '';
    let peakRssBytes = 0;
    const poll = setInterval(() => {
      peakRssBytes = Math.max(peakRssBytes, highWaterMark(child.pid));
    }, MEMORY_POLL_MS);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_SIZE_MAX);
    });
    child.on('error', (error) => {
      clearInterval(poll);
      reject(error);
    });
    child.on('close', (status) => {
      clearInterval(poll);
      const seconds = Number(process.hrtime.bigint() - startedNs) / 1e9;
      resolve({ seconds, peakRssBytes, status, stderr });
    });
  });
}

/**
 * `VmHWM` of /proc/PID/status, in bytes: the kernel keeps the maximum, so polling loses only the
 * end.
 */
function highWaterMark(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
