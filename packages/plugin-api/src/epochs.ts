/** Epochs in the order of their time, though sensors report them in any. */

/** Puts an epoch behind those that began no later: nearly always the last. */
export function insertEpoch<E extends { startUs: number }>(epochs: E[], epoch: E): void {
  let at = epochs.length;
  while (at > 0 && epochs[at - 1].startUs > epoch.startUs) at--;
  epochs.splice(at, 0, epoch);
}
