/** The sum of each counter over several sets of them. */
export function sumOf(counters: readonly Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const one of counters) {
    for (const [name, value] of Object.entries(one)) total[name] = (total[name] ?? 0) + value;
  }
  return total;
}
