/**
 * What the correlator needs to tie sources together: the new, unserved contacts of one source in
 * one epoch. Decoys share probe tuples; shards of one scan share a fingerprint and divide the
 * targets.
 */
import type { EntityName } from './finding.js';

export interface Suspect extends SuspectSource {
  /** At most `SUSPECT_CONTACTS_MAX`, in the order they came. */
  contacts: SuspectContact[];
}

/** Who it is, as of one epoch: what outlives the epoch. */
export interface SuspectSource {
  source: EntityName;
  /** The epoch, microseconds of packet time. */
  epochStartUs: number;
  judgedUs: number;
  /** Hash of the SYN signature most of its SYNs carry; empty without SYNs. */
  fingerprint: string;
  /** The tool whose mark its probes carry, or null. */
  tool: string | null;
  /** Its SYNs come from no operating system's stack. */
  raw: boolean;
  /** Nmap's run key, 0 unknown. */
  runKey: number;
  /**
   * How strongly its return path is proven: 0 not, 1 it reset our answers, 2 it acknowledged them.
   */
  proof: 0 | 1 | 2;
}

export interface SuspectContact {
  target: string;
  protocol: number;
  port: number;
  /** Hash of source port, sequence number and IP ID of the first probe; 0 when it was not seen. */
  tuple: number;
  timeUs: number;
  /** The target answered that it is open. */
  open: boolean;
}

export const SUSPECT_CONTACTS_MAX = 64;
