/** What the comparison with Suricata leaves, and its section of docs/benchmarks.md. */

/** Captures with expectations that were all met, or not; and who was named that did nothing. */
export interface Score {
  hits: number;
  misses: number;
  falseSources: number;
  /** Captures with at least one such source. */
  falseCaptures: number;
}

export interface FamilyRow {
  family: string;
  captures: number;
  picket: Score;
  /** Suricata with the two fan-out rules only, and with its stream and decoder rules as well. */
  fanOut: Score;
  allRules: Score;
}

export interface Comparison {
  date: string;
  suricata: string;
  command: string;
  families: FamilyRow[];
}

const HEAD = [
  'family',
  'captures',
  'Picket hits',
  'misses',
  'false sources',
  'fan-out rules hits',
  'misses',
  'false sources',
  'all rules hits',
  'misses',
  'false sources',
];

export function comparisonTable({ families }: Comparison): string {
  const rows = families.map(({ family, captures, picket, fanOut, allRules }) => [
    family,
    String(captures),
    ...cells(picket),
    ...cells(fanOut),
    ...cells(allRules),
  ]);
  return [HEAD, HEAD.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function cells({ hits, misses, falseSources, falseCaptures }: Score): string[] {
  const isCounted = hits + misses > 0;
  const wrong = falseSources === 0 ? '0' : `${falseSources} (in ${falseCaptures})`;
  return [isCounted ? String(hits) : '', isCounted ? String(misses) : '', wrong];
}

export function comparisonSection(comparison: Comparison): string {
  return `## Beside Suricata

Suricata ${comparison.suricata} as Debian installs it, with its stream and decoder rules and two
rules that count SYNs by source and by destination (bench/rules/fan-out.rules), on the captures of
the project's laboratory: real tools and benign traffic, each with its truth beside it; variants of
the same traffic in other wrappings are left out. A capture is a hit when everything its truth
expects was reported: by Picket the kind and the source, by Suricata, which has no kinds, the source
alone. A false source is an address named by a scan kind, or by any alert, that attacked nobody in
that capture; in how many captures, in brackets. ${comparison.date}, \`${comparison.command}\`.

${comparisonTable(comparison)}
`;
}
