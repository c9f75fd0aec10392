/**
 * Every folder here is one case: `input.pcap.gz`, or `input.ts` that writes it; `config.yaml`; what
 * the README says it is; `finds.json`, the findings written down by hand before the program ran;
 * and `expected/eve.json`, everything it said in canonical form.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PHASE_OF_KIND } from '../../packages/plugin-api/src/finding.js';
import { PcapWriter } from '../generate/pcap-writer.js';
import { builtObservers, canonical, type Event, findingsOf, runPicket } from '../support/picket.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const cases = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

interface Find {
  kind: string;
  source?: string | undefined;
  target?: string | undefined;
}

async function inputOf(folder: string, name: string): Promise<string> {
  const stored = join(folder, 'input.pcap.gz');
  if (existsSync(stored)) return stored;
  const path = join(scratch, `${name}.pcap`);
  const { write } = await import(join(folder, 'input.ts'));
  const writer = new PcapWriter(path);
  write(writer);
  writer.close();
  return path;
}

const nameOf = (find: Find): string => `${find.kind} ${find.source ?? '-'} ${find.target ?? '-'}`;

/** Kind, source and target of every finding, once each; the target only where `finds` names one. */
function found(events: Event[], finds: Find[]): string[] {
  const names = findingsOf(events).map((event) => {
    const kind = event.finding.kind;
    const wanted = finds.find((find) => find.kind === kind);
    const source = wanted && wanted.source === undefined ? undefined : event.src_ip;
    return nameOf({
      kind,
      source,
      target: wanted?.target === undefined ? undefined : event.dest_ip,
    });
  });
  return [...new Set(names)].sort();
}

function findsOf(name: string): Find[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, name, 'finds.json'), 'utf8'));
}

it('every kind of finding has a case', () => {
  const found = new Set(cases.flatMap(findsOf).map(({ kind }) => kind));
  expect([...found].sort()).toEqual(Object.keys(PHASE_OF_KIND).sort());
});

describe.each(cases)('%s', (name) => {
  const folder = join(import.meta.dirname, name);
  const finds = findsOf(name);

  it.each(builtObservers)('is read by the %s observer as expected', async (observer) => {
    const config = join(folder, 'config.yaml');
    const input = await inputOf(folder, name);
    const words = ['read', input, '--config', config, '--observer', observer, '--json'];
    const { status, stderr, events } = runPicket(words);
    expect(status, stderr).toBe(0);
    expect(found(events, finds)).toEqual(finds.map(nameOf).sort());
    await expect(canonical(events)).toMatchFileSnapshot(join(folder, 'expected/eve.json'));
  });
});
