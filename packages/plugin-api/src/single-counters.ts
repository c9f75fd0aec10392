/** The counters of a source that touched one thing once: an observation of its own would say so. */
import { ProbeKind, SourceCounter, Trait } from './batch-layout.js';
import { COUNTER_OF_OUTCOME, COUNTER_OF_TRAIT } from './source-counters.js';

const SOURCE_COUNTERS = Object.keys(SourceCounter).length;
const sorts = new Map<string, readonly number[]>();
const SORTS_MAX = 256;

/**
 * The counters a single adds, by what it is. Shared, since a flood's singles are all alike; never
 * more than `SORTS_MAX` of them are kept.
 */
export function countersOfSingle(
  kinds: number,
  outcome: number,
  traits: number,
  packets: number,
): readonly number[] {
  const sort = `${kinds} ${outcome} ${traits} ${packets}`;
  const known = sorts.get(sort);
  if (known !== undefined) return known;
  const counters = new Array<number>(SOURCE_COUNTERS).fill(0);
  if (kinds !== 0 && kinds !== ProbeKind.inferred)
    counters[31 - Math.clz32(kinds & 0x7fff)] = packets;
  for (const counter of countersOf(outcome, COUNTER_OF_OUTCOME)) counters[counter] = 1;
  for (const counter of countersOf(traits, COUNTER_OF_TRAIT)) counters[counter] = packets;
  if ((traits & Trait.rawSynAck) !== 0) counters[SourceCounter.rawSynAcks] = 1;
  if (sorts.size < SORTS_MAX) sorts.set(sort, counters);
  return counters;
}

/** The counters of the bits that are set and have one. */
function countersOf(bits: number, counterOfBit: readonly number[]): number[] {
  return counterOfBit.filter((counter, bit) => counter >= 0 && ((bits >>> bit) & 1) !== 0);
}
