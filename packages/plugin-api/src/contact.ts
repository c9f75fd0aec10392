/** One thing a source touched, what came of it, and the keys and hashes it is found by. */
import { Outcome } from './batch-layout.js';
import { finish, HASH_SEED, mix } from './hash.js';

const SERVICE_TCP = 6;
const SERVICE_UDP = 17;
/** Packets to one UDP port, unanswered, beyond which it is a stream (RTP, tunnels) and no probe. */
const UDP_STREAM_PACKETS = 8;
/** Time a connection gets to answer and carry data before its silence counts against the source. */
export const PENDING_US = 1_000_000;

/**
 * One (target, protocol, port) of the source. Addresses are latin1 strings of 4 or 16 bytes: map
 * keys.
 */
export interface Contact {
  target: string;
  protocol: number;
  port: number;
  /** ProbeKind and Outcome bits. */
  kinds: number;
  outcome: number;
  packets: number;
  firstUs: number;
  lastUs: number;
  ttl: number;
  tuple: number;
  /** Packets of finished epochs: an early batch is superseded by its epoch's final one. */
  packetsBefore: number;
  /** Its fate has been written to the source's long memory: 0 no, 1 served, 2 failed. */
  remembered: 0 | 1 | 2;
}

/** How a contact ended, as far as it can be told now. */
export type Fate =
  /** A connection completed and carried data, or a question was answered. */
  | 'served'
  /** Closed, unreachable, reset, or silent for longer than `PENDING_US`. */
  | 'failed'
  /** Too young to tell. */
  | 'pending'
  /** Not a probe: backscatter, the tail of an older connection, a one-way stream. */
  | 'none';

/** A distinct count, and whether it was counted or estimated. */
export interface Count {
  count: number;
  exact: boolean;
}

/**
 * What came of a contact, at packet time `nowUs`; at the end of input nothing is pending any more.
 */
export function fateOf(contact: Contact, nowUs: number, atEnd: boolean): Fate {
  const { kinds, outcome } = contact;
  if (kinds === 0) return 'none';
  if ((outcome & (Outcome.closed | Outcome.unreachable | Outcome.sourceReset)) !== 0) {
    return (outcome & (Outcome.sourceData | Outcome.targetData)) !== 0 ? 'served' : 'failed';
  }
  const young = !atEnd && nowUs - contact.firstUs < PENDING_US;
  if (contact.protocol === SERVICE_UDP) {
    if ((outcome & Outcome.targetData) !== 0) return 'served';
    if (contact.packets >= UDP_STREAM_PACKETS) return 'none';
    return young ? 'pending' : 'failed';
  }
  if (
    contact.protocol === SERVICE_TCP &&
    (outcome & (Outcome.sourceData | Outcome.targetData)) !== 0
  )
    return 'served';
  return young ? 'pending' : 'failed';
}

/** protocol << 16 | port: what the observers hash. */
export function serviceOf(contact: Contact): number {
  return (contact.protocol << 16) | contact.port;
}

/** The observers' hash of a (target, service). */
export function pairHash(contact: Contact): number {
  return finish(mix(addressHash(contact.target), serviceOf(contact)));
}

/** How many of the contacts have each key. */
export function countBy<K>(
  contacts: readonly Contact[] | ReadonlyMap<string, Contact>,
  keyOf: (contact: Contact) => K,
): Map<K, number> {
  const counts = new Map<K, number>();
  contacts.forEach((contact: Contact) => {
    const key = keyOf(contact);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  return counts;
}

/** Address bytes as a latin1 string: a compact, ordered map key. */
export function latin1(bytes: Uint8Array, at: number, size: number): string {
  if (size === 4)
    return String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
  let text = '';
  for (let i = at; i < at + size; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

/** Four bytes of an address given as latin1, from `at` on, as a signed 32-bit number. */
export function addressWord(address: string, at: number): number {
  return (
    (address.charCodeAt(at) << 24) |
    (address.charCodeAt(at + 1) << 16) |
    (address.charCodeAt(at + 2) << 8) |
    address.charCodeAt(at + 3)
  );
}

/** The observers' hash of an address given as latin1. */
export function addressHash(address: string): number {
  let hash = HASH_SEED;
  for (let at = 0; at < address.length; at += 4) hash = mix(hash, addressWord(address, at));
  return finish(hash);
}
