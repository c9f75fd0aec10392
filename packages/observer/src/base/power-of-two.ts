/**
 * The smallest power of two that is at least `value` (1 to 2^30): what table sizes are rounded to.
 * C++ has `std::bit_ceil`.
 */
export function powerOfTwoAtLeast(value: number): number {
  let power = 1;
  while (power < value) power *= 2;
  return power;
}
