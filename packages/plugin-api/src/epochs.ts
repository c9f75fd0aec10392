/** Epochs in the order of their time, though sensors report them in any. */

/** How long is known in full: the short windows of the detectors. Microseconds. */
export const MINUTE_US = 60_000_000;

/** The epochs with one more, behind those that began no later: nearly always the last. */
export function withEpoch<E extends { startUs: number }>(epochs: E[], epoch: E): E[] {
  // Most entities are seen in one: an array that is grown has room for seventeen.
  if (epochs.length === 0) return [epoch];
  let at = epochs.length;
  while (at > 0 && epochs[at - 1].startUs > epoch.startUs) at--;
  epochs.splice(at, 0, epoch);
  return epochs;
}
