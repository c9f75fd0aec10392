/** docs/benchmarks.md and docs/performance.md, from what the runs left in bench/results. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { comparisonSection } from './comparison.js';
import { liveSection } from './live/page.js';
import { performancePage } from './native/page.js';
import { pageOf } from './results.js';
import { reliefSection } from './relief/page.js';
import { soakSection } from './soak/page.js';
import { transportSection } from './transport/page.js';

export const RESULTS = 'bench/results/latest.json';
export const COMPARISON = 'bench/results/suricata.json';
export const TRANSPORT = 'bench/results/transport.json';
export const NATIVE = 'bench/results/native.json';
export const PERFORMANCE = 'docs/performance.md';
export const LIVE = 'bench/results/live.json';
export const SOAK = 'bench/results/soak.json';
export const RELIEF = 'bench/results/relief.json';
export const PAGE = 'docs/benchmarks.md';

/** Writes the pages anew; a result that is not there has no section. */
export function writePage(): void {
  const trials = existsSync(RESULTS) ? pageOf(JSON.parse(readFileSync(RESULTS, 'utf8'))) : '';
  const comparison = existsSync(COMPARISON)
    ? comparisonSection(JSON.parse(readFileSync(COMPARISON, 'utf8')))
    : '';
  const transport = existsSync(TRANSPORT)
    ? transportSection(JSON.parse(readFileSync(TRANSPORT, 'utf8')))
    : '';
  if (existsSync(NATIVE)) {
    writeFileSync(PERFORMANCE, performancePage(JSON.parse(readFileSync(NATIVE, 'utf8'))));
  }
  const live = existsSync(LIVE) ? liveSection(JSON.parse(readFileSync(LIVE, 'utf8'))) : '';
  const soak = existsSync(SOAK) ? soakSection(JSON.parse(readFileSync(SOAK, 'utf8'))) : '';
  const relief = existsSync(RELIEF) ? reliefSection(JSON.parse(readFileSync(RELIEF, 'utf8'))) : '';
  writeFileSync(
    PAGE,
    [trials, live, relief, soak, transport, comparison].filter((part) => part !== '').join('\n'),
  );
}
