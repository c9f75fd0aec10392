/** `part` of 1 in whole percent for people: 100 is said only of all, 0 only of nothing. */
export function percentOf(part: number): number {
  const rounded = Math.round(part * 100);
  if (part < 1 && rounded === 100) return 99;
  return part > 0 && rounded === 0 ? 1 : rounded;
}
