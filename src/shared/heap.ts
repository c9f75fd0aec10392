/** How much garbage may lie about before it is collected. */
import { setFlagsFromString } from 'node:v8';

/**
 * Of all threads, those to come included: a heap grows by half before it is collected whole. Left
 * alone V8 lets one that grew fast reach four times what lives in it, and gives little back: under
 * a flood, a judge of 120 MiB filled 400. Collecting so often costs a short run a twentieth of its
 * time, so this is for those that last.
 */
export function keepHeapsSmall(): void {
  setFlagsFromString('--heap-growing-percent=50');
}
