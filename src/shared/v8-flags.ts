/**
 * What V8 is told of itself beyond the command's first line: how much garbage may lie about before
 * it is collected, and what is worth compiling. Measured in `docs/decisions/0003`.
 */
import { setFlagsFromString } from 'node:v8';

/** The last V8 whose compilation this budget steers: node 20's. Later ones know no such flag. */
const BUDGET_V8_MAX = 11;

/**
 * Of all threads, those to come included: a heap grows by half before it is collected whole. Left
 * alone V8 lets one that grew fast reach four times what lives in it, and gives little back: under
 * a flood, a judge of 120 MiB filled 400. Collecting so often costs a short run a twentieth of its
 * time, so this is for those that last.
 */
export function keepHeapsSmall(): void {
  setFlagsFromString('--heap-growing-percent=50');
}

/**
 * Of all threads: a function is compiled when it has run four times as much as V8 asks for, sixteen
 * times when no packet is looked at in JavaScript. The packet path gets there in no time; of the
 * rest, most that is compiled in a run of seconds costs more than it saves, and the cores that
 * packets need. Not before everything is loaded: V8 refuses a code cache made under other flags,
 * node's own of what is built in as well as ours.
 */
export function compileLess(observer: 'native' | 'typescript'): void {
  if (Number.parseInt(process.versions.v8, 10) > BUDGET_V8_MAX) return;
  setFlagsFromString(`--interrupt-budget=${observer === 'native' ? 1_081_344 : 270_336}`);
}
