/**
 * Who should hold which partition. A pure function of what Redis says, so that every worker comes
 * to the same plan by itself and does its own part of it.
 */

export interface Member {
  id: string;
  /** Ids of the partitions it is willing to hold. */
  partitions: readonly string[];
}

/**
 * Partition id to member id; a partition that nobody is willing to hold is left out. Whoever holds
 * something keeps it unless another would have two fewer: few leases move when members come and go.
 */
export function planLeases(
  members: readonly Member[],
  owners: ReadonlyMap<string, string | null>,
): Map<string, string> {
  const sorted = [...members].sort((left, right) => (left.id < right.id ? -1 : 1));
  const willing = new Map(sorted.map(({ id, partitions }) => [id, new Set(partitions)]));
  const loads = new Map(sorted.map(({ id }) => [id, 0]));
  const plan = new Map<string, string>();
  const give = (partition: string, id: string): void => {
    const before = plan.get(partition);
    if (before !== undefined) loads.set(before, (loads.get(before) ?? 0) - 1);
    plan.set(partition, id);
    loads.set(id, (loads.get(id) ?? 0) + 1);
  };
  const lightest = (partition: string): string | null => {
    let best: string | null = null;
    for (const [id, load] of loads) {
      if (!willing.get(id)?.has(partition)) continue;
      if (best === null || load < (loads.get(best) ?? 0)) best = id;
    }
    return best;
  };
  for (const [partition, owner] of owners)
    if (owner !== null && willing.get(owner)?.has(partition)) give(partition, owner);
  for (const partition of owners.keys()) {
    const id = plan.has(partition) ? null : lightest(partition);
    if (id !== null) give(partition, id);
  }
  // Each move narrows the spread of loads, so there are at most as many as partitions.
  for (const partition of owners.keys()) {
    const id = plan.get(partition);
    const other = lightest(partition);
    if (id === undefined || other === null) continue;
    if ((loads.get(id) ?? 0) - (loads.get(other) ?? 0) > 1) give(partition, other);
  }
  return plan;
}
