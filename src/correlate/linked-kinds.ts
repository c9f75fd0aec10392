/** The kinds of finding that only several sources together make; no detector sees them. */
import type { Kind, KindDoc } from '../../packages/plugin-api/src/index.js';
import { DECOY_SCAN } from './decoys.js';
import { DISTRIBUTED_ADDRESS_SCAN, DISTRIBUTED_PORT_SCAN } from './shares.js';

/** What docs/detectors.md and findings say of such a kind. It has no settings. */
export interface LinkedKind {
  kind: Kind;
  title: string;
  /** What the kind means, in a sentence or two. */
  summary: string;
  mitre: readonly string[];
  doc: KindDoc;
}

export const LINKED_KINDS: readonly LinkedKind[] = [
  DISTRIBUTED_ADDRESS_SCAN,
  DISTRIBUTED_PORT_SCAN,
  DECOY_SCAN,
];
