/** What `npm run bench -- soak` leaves: its section of docs/benchmarks.md. */
import type { Growth, Sample } from './samples.js';

export interface SoakResult {
  date: string;
  commit: string;
  about: string;
  minutes: number;
  load: { before: number; after: number };
  growth: Growth;
  packets: number;
  dropped: number;
  batches: number;
  /** Most batches that waited to be judged when counters were said; null when said only once. */
  waitingMost: number | null;
  events: number;
  isFound: boolean;
  problems: string[];
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

export function soakSection(result: SoakResult): string {
  const { growth, problems, load, minutes, waitingMost } = result;
  const row = (name: string, of: (sample: Sample) => string): string =>
    `| ${name} | ${of(growth.early)} | ${of(growth.late)} |`;
  const waiting = waitingMost === null ? '' : `, at most ${whole(waitingMost)} waiting when asked`;
  const found = `the slow scan ${result.isFound ? '' : 'not '}among them`;
  const { before, after } = load;
  const verdicts = problems.length === 0 ? ['met: none of it grows, and the scan is found'] : [];
  verdicts.push(...problems.map((text) => `**missed**: ${text}`));
  return `## Soak

${minutes} minutes, ${result.about}.
${whole(result.packets)} packets, ${whole(result.dropped)} dropped;
${whole(result.batches)} batches judged${waiting};
${whole(result.events)} lines of output, ${found}.
Looked at every 5 s; the medians of ${growth.spanS} s after the first minute and of as many at the
end. Resident memory has in it ${mib(growth.late.ringBytes)} MiB of the kernel's ring; without that
it was ${mib(growth.peakBytes)} MiB at most. The load average was ${before.toFixed(1)} before and
${after.toFixed(1)} after. ${result.date}, commit ${result.commit},
\`npm run bench -- soak --minutes ${minutes}\`.

| | after the first minute | at the end |
| --- | --- | --- |
${row('resident MiB', ({ rssBytes }) => mib(rssBytes))}
${row('open files', ({ handles }) => String(handles))}
${row('threads', ({ threads }) => String(threads))}

${verdicts.map((text) => `- ${text}`).join('\n')}
`;
}
