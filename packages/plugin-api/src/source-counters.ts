/** Which counter of a source a bit of its contacts counts in: the same for observer and judge. */
import { Outcome, SourceCounter, Trait } from './batch-layout.js';

const COUNTER_OF_NAME: Partial<Record<keyof typeof Outcome, number>> = {
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

/** Counter of each Outcome bit, in bit order; -1 where there is none. */
export const COUNTER_OF_OUTCOME = inBitOrder(Outcome, (name) => COUNTER_OF_NAME[name]);

/** Counter of each Trait bit, in bit order; -1 where there is none. A trait's has its name. */
export const COUNTER_OF_TRAIT = inBitOrder(
  Trait,
  (name) => SourceCounter[name as keyof typeof SourceCounter],
);

function inBitOrder<Name extends string>(
  bits: Readonly<Record<Name, number>>,
  counterOf: (name: Name) => number | undefined,
): readonly number[] {
  const counters = new Array<number>(32).fill(-1);
  for (const [name, bit] of Object.entries<number>(bits))
    counters[31 - Math.clz32(bit)] = counterOf(name as Name) ?? -1;
  return counters;
}
