/** What `npm run bench -- live` leaves: its table and its section of docs/benchmarks.md. */
export interface LiveCounts {
  /** Medians of the rounds. */
  sent: number;
  received: number;
  dropped: number;
  /** Packets received a second, while the sender sent. */
  rate: number;
  /** Received of those sent. */
  share: number;
  nsPerPacket?: number;
  lagMs?: number;
}

export interface LiveRow {
  listener: string;
  role: 'product' | 'limit' | 'peer';
  about: string;
  unavailable?: string;
  /** All that the sender can send. */
  full?: LiveCounts;
  /** A rate at which the bare loop drops nothing; not of peers. */
  steady?: LiveCounts;
  problems: string[];
}

export interface LiveTrial {
  name: string;
  about: string;
  /** Frames a second. */
  steadyRate: number;
  rows: LiveRow[];
  requirements: { text: string; met: boolean }[];
}

export interface LiveResults {
  date: string;
  commit: string;
  machine: string;
  cores: number;
  load: { before: number; after: number };
  rounds: number;
  seconds: number;
  trials: LiveTrial[];
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const millions = (rate: number): string => (rate / 1e6).toFixed(2);

function headOf({ steadyRate }: LiveTrial): string[] {
  return [
    ...['program', 'sent', 'received', 'dropped', 'share', 'Mpackets/s', 'ns/packet', 'lag ms'],
    ...[`dropped at ${millions(steadyRate)} Mpackets/s`, ''],
  ];
}

function cellsOf({ listener, unavailable, full, steady, problems }: LiveRow): string[] {
  if (full === undefined) return [listener, unavailable ?? '', ...new Array(8).fill('')];
  return [
    ...[listener, whole(full.sent), whole(full.received), whole(full.dropped)],
    full.share.toFixed(3),
    millions(full.rate),
    full.nsPerPacket === undefined ? '' : String(full.nsPerPacket),
    full.lagMs === undefined ? '' : full.lagMs.toFixed(0),
    steady === undefined ? '' : `${whole(steady.dropped)} of ${whole(steady.sent)}`,
    problems.length > 0 ? `**${problems.join('; ')}**` : '',
  ];
}

export function liveTable(trial: LiveTrial): string {
  const head = headOf(trial);
  const lines = [head, head.map(() => '---'), ...trial.rows.map(cellsOf)];
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  return lines
    .map((cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`)
    .join('\n');
}

export function liveSection(results: LiveResults): string {
  const { load, rounds, seconds, cores, date, commit, machine } = results;
  const programs = results.trials[0].rows.map(
    ({ listener, about }) => `- **${listener}**: ${about}.`,
  );
  const { before, after } = load;
  return `## Live

Over a veth pair between two network namespaces, from a sender pinned to one core
(native/bench/live_sender.c: sendmmsg past the queueing discipline) to one listener at a time, each
with a ring of the same size. Median of ${rounds} rounds of ${seconds} s; the listeners take turns.
The first columns are of all that the sender can, the last of a steady rate at which the bare loop
drops nothing; where fewer were sent than that rate asks for, the listener's threads and whatever
else ran needed the sender's core. The kernel's half of receiving runs on that core too, so that no
sender outran any listener here: what happens when one does was not measured, and no figure is of
a network card. ${machine}, ${cores} cores. *Dropped* is what the listener says; *lag* is the
longest a packet waited. The load average was ${before.toFixed(1)} before and
${after.toFixed(1)} after. ${date}, commit ${commit}, \`npm run bench -- live\`.

${results.trials.map(trialSection).join('\n\n')}

${programs.join('\n')}
`;
}

function trialSection(trial: LiveTrial): string {
  const checks = trial.requirements.map(
    ({ text, met }) => `- ${met ? 'met' : '**missed**'}: ${text}`,
  );
  return `${trial.about}\n\n${liveTable(trial)}\n\n${checks.join('\n')}`;
}
