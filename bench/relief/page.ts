/** What the relief trial leaves, and its section of docs/benchmarks.md. */

/** What comes up of the capture, as shares of its packets and of its bytes. */
export interface KeptRow {
  rule: string;
  packets: number;
  bytes: number;
}

export interface FileRow {
  observer: string;
  /** Processor time for the whole capture and for what relief lets through, medians. */
  allSeconds: number;
  keptSeconds: number;
}

export interface LiveRow {
  observer: string;
  /** Packets a second that were asked for; 0 is as fast as the sender can. */
  rate: number;
  relief: boolean;
  sentPerSecond: number;
  /** Processor time from the first packet to the last. */
  picketSeconds: number;
  /** Of the sender, with what the kernel does for it: on a veth pair, the receiving side too. */
  senderSeconds: number;
  frames: number;
  /** Null: capture cannot tell. */
  dropped: number | null;
}

export interface ReliefResults {
  date: string;
  commit: string;
  rounds: number;
  /** Programs that wanted a core, one-minute mean, before and after. */
  busy: { before: number; after: number };
  packetCount: number;
  kept: KeptRow[];
  files: FileRow[];
  live: LiveRow[];
  /** Why there are no live figures. */
  unavailable?: string;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const seconds = (value: number): string => value.toFixed(2);
const whole = (value: number): string => Math.round(value).toLocaleString('en');

function table(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function reliefTables({ kept, files, live, unavailable }: ReliefResults): string {
  const parts = [
    table(
      ['left in the kernel', 'packets that come up', 'bytes that come up'],
      kept.map(({ rule, packets, bytes }) => [rule, percent(packets), percent(bytes)]),
    ),
    table(
      ['file', 'CPU s, all', 'CPU s, what comes up', 'saved'],
      files.map(({ observer, allSeconds, keptSeconds }) => [
        ...[observer, seconds(allSeconds), seconds(keptSeconds)],
        percent(1 - keptSeconds / allSeconds),
      ]),
    ),
  ];
  if (unavailable !== undefined) return [...parts, `No live figures: ${unavailable}.`].join('\n\n');
  const head = ['live', 'relief', 'sent/s', 'CPU s of Picket', 'CPU s of the sender'];
  parts.push(table([...head, 'frames', 'dropped'], live.map(liveCells)));
  return parts.join('\n\n');
}

function liveCells(row: LiveRow): string[] {
  return [
    `${row.observer}, ${row.rate === 0 ? 'top speed' : `${whole(row.rate)}/s`}`,
    row.relief ? 'on' : 'off',
    whole(row.sentPerSecond),
    seconds(row.picketSeconds),
    seconds(row.senderSeconds),
    whole(row.frames),
    row.dropped === null ? 'unknown' : whole(row.dropped),
  ];
}

export function reliefSection(results: ReliefResults): string {
  const { date, commit, rounds, busy, packetCount } = results;
  return `## relief

What \`capture.relief\` saves on the capture of the mixed trial, ${whole(packetCount)} packets.
First what comes up, by rule; then the processor time, start-up included, for the file and for what
would come up of it (medians of ${rounds}; findings and incidents were the same to the byte); then
live, one run each: the capture sent over a veth pair, and the processor time from its first packet
to its last. The kernel's own part of a veth pair is done by the sender. ${date}, commit ${commit},
\`npm run bench -- relief\`; the load average was ${busy.before.toFixed(1)} before and
${busy.after.toFixed(1)} after.

${reliefTables(results)}
`;
}
