/** How a bound that many share is divided. */

/**
 * The largest limit with which all together stay within `total` when each keeps the smaller of its
 * size and the limit: who needs less than others is not made to pay for them (max-min fairness).
 * Infinite when nothing need be given up.
 */
export function fairShare(sizes: readonly number[], total: number): number {
  const rising = Float64Array.from(sizes).sort();
  let left = total;
  for (let at = 0; at < rising.length; at++) {
    const share = left / (rising.length - at);
    if (rising[at] > share) return share;
    left -= rising[at];
  }
  return Number.POSITIVE_INFINITY;
}
