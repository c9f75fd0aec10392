/** What a soak looks at every few seconds, and what of it is too much. Pure. */
import { readdirSync, readFileSync } from 'node:fs';
import { median } from '../measure.js';

export interface Sample {
  /** Since the load began. */
  seconds: number;
  rssBytes: number;
  /** Of that the kernel's ring, which is mapped into the process; 0 when it reads no interface. */
  ringBytes: number;
  /** Open files of the process. */
  handles: number;
  threads: number;
}

export interface Growth {
  /** Seconds that each of the two medians is over: after the first minute, and at the end. */
  spanS: number;
  early: Sample;
  late: Sample;
  /** Resident without the ring. */
  peakBytes: number;
}

const MINUTE_S = 60;
/**
 * V8 collects each heap about once in a minute and a half of the soak's load; in between, the
 * process grows by a twelfth. A median over less than two such rounds is mostly a matter of when.
 */
const SPAN_LONG_S = 3 * MINUTE_S;
/** From this length on there is time for both. */
const LONG_S = 10 * MINUTE_S;
const RSS_GROWTH_MAX = 0.05;
/** Of what is Picket's own; the ring is as large as it was asked for. */
const BYTES_MAX = 512 * 2 ** 20;

/** @throws Error where /proc is missing, or the process has ended. */
export function sampleOf(pid: number, seconds: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (form: RegExp): number => Number(form.exec(status)?.[1] ?? Number.NaN);
  return {
    seconds,
    rssBytes: field(/VmRSS:\s+(\d+) kB/) * 1024,
    ringBytes: ringBytesOf(readFileSync(`/proc/${pid}/smaps`, 'utf8')),
    handles: readdirSync(`/proc/${pid}/fd`).length,
    threads: field(/Threads:\s+(\d+)/),
  };
}

/** @throws Error for less than three minutes of samples. */
export function growthOf(samples: readonly Sample[]): Growth {
  const lastS = samples.at(-1)?.seconds ?? 0;
  const spanS = lastS >= LONG_S ? SPAN_LONG_S : MINUTE_S;
  const endS = MINUTE_S + spanS;
  const early = samples.filter(({ seconds }) => seconds >= MINUTE_S && seconds < endS);
  const late = samples.filter(({ seconds }) => seconds > lastS - spanS);
  if (early.length === 0 || lastS < 3 * MINUTE_S) throw new Error('a soak takes three minutes');
  const peakBytes = Math.max(...samples.map(({ rssBytes, ringBytes }) => rssBytes - ringBytes));
  return { spanS, early: middleOf(early), late: middleOf(late), peakBytes };
}

/** What has grown that should not have. */
export function problemsOf({ early, late, peakBytes }: Growth): string[] {
  const problems: string[] = [];
  const grown = late.rssBytes / early.rssBytes - 1;
  if (grown > RSS_GROWTH_MAX)
    problems.push(`memory grew by ${(100 * grown).toFixed(1)} % after the first minute`);
  if (peakBytes > BYTES_MAX)
    problems.push(`memory reached ${Math.round(peakBytes / 2 ** 20)} MiB, 512 are allowed`);
  if (late.handles > early.handles)
    problems.push(`open files grew from ${early.handles} to ${late.handles}`);
  if (late.threads > early.threads)
    problems.push(`threads grew from ${early.threads} to ${late.threads}`);
  return problems;
}

/** A packet socket's mapping is named after it. */
function ringBytesOf(maps: string): number {
  const rings = maps.matchAll(/ socket:\[\d+\]\n(?:.*\n)*?Rss:\s+(\d+) kB/g);
  return [...rings].reduce((sum, [, kib]) => sum + Number(kib) * 1024, 0);
}

function middleOf(samples: readonly Sample[]): Sample {
  const middle = (of: (sample: Sample) => number): number => median(samples.map(of));
  return {
    seconds: middle(({ seconds }) => seconds),
    rssBytes: middle(({ rssBytes }) => rssBytes),
    ringBytes: middle(({ ringBytes }) => ringBytes),
    handles: middle(({ handles }) => handles),
    threads: middle(({ threads }) => threads),
  };
}
