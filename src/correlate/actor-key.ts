import type { EntityName } from '../../packages/plugin-api/src/finding.js';

/** The same address in another tunnel is another host. */
export function actorKey({ ip, tunnel }: EntityName): string {
  return `${ip} ${tunnel}`;
}
