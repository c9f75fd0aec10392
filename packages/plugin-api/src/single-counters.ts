/** The counters of a source that touched one thing once: an observation of its own would say so. */
import { Outcome, ProbeKind, SourceCounter, Trait } from './batch-layout.js';

const SOURCE_COUNTERS = Object.keys(SourceCounter).length;
const sorts = new Map<string, readonly number[]>();
const SORTS_MAX = 256;

const COUNTER_OF_OUTCOME: Partial<Record<keyof typeof Outcome, number>> = {
  open: SourceCounter.answerOpen,
  closed: SourceCounter.answerClosed,
  unreachable: SourceCounter.answerUnreachable,
  established: SourceCounter.established,
  sourceReset: SourceCounter.reset,
  stackSplit: SourceCounter.stackSplit,
  backscatterSynAck: SourceCounter.unsolicited,
  backscatterRst: SourceCounter.unsolicited,
  backscatterIcmp: SourceCounter.unsolicited,
  backscatterReply: SourceCounter.unsolicited,
};

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
  for (const [name, bit] of Object.entries(Outcome)) {
    const counter = COUNTER_OF_OUTCOME[name as keyof typeof Outcome];
    if ((outcome & bit) !== 0 && counter !== undefined) counters[counter] = 1;
  }
  for (const [name, bit] of Object.entries(Trait)) {
    const counter = SourceCounter[name as keyof typeof SourceCounter];
    if ((traits & bit) !== 0 && counter !== undefined) counters[counter] = packets;
  }
  if ((traits & Trait.rawSynAck) !== 0) counters[SourceCounter.rawSynAcks] = 1;
  if (sorts.size < SORTS_MAX) sorts.set(sort, counters);
  return counters;
}
