/** Contacts as a batch has them (batch-layout: CONTACT_SIZE and SINGLE_SIZE records). */
import { ContactAt, SINGLE_SIZE, SingleAt } from './batch-layout.js';
import type { Origin } from './batch.js';
import { type Contact, latin1 } from './contact.js';

/** The record at `at`; `names` are the targets of its observation. */
export function listedContact(
  view: DataView,
  at: number,
  names: readonly string[],
  { epochStartUs, final }: Origin,
): Contact {
  const packets = view.getUint16(at + ContactAt.packets, true);
  return {
    target: names[view.getUint16(at + ContactAt.target, true)],
    protocol: view.getUint8(at + ContactAt.protocol),
    port: view.getUint16(at + ContactAt.port, true),
    kinds: view.getUint16(at + ContactAt.kinds, true),
    outcome: view.getUint16(at + ContactAt.outcome, true),
    packets,
    firstUs: epochStartUs + view.getUint32(at + ContactAt.firstUs, true),
    lastUs: epochStartUs + view.getUint32(at + ContactAt.lastUs, true),
    ttl: view.getUint8(at + ContactAt.ttl),
    tuple: view.getUint32(at + ContactAt.tuple, true),
    packetsBefore: final ? packets : 0,
    remembered: 0,
  };
}

/** What a single says beside its contact. */
export interface Single {
  contact: Contact;
  traits: number;
  /** Index into the batch's signatures; beyond them for none. */
  signature: number;
}

/** The single at `at`, of a source whose address has `size` bytes. */
export function singleAt(
  singles: Uint8Array,
  at: number,
  size: number,
  { epochStartUs }: Origin,
): Single {
  const view = new DataView(singles.buffer, singles.byteOffset + at, SINGLE_SIZE);
  const packets = view.getUint16(SingleAt.packets, true);
  const contact: Contact = {
    target: latin1(singles, at + SingleAt.target + 16 - size, size),
    protocol: view.getUint8(SingleAt.protocol),
    port: view.getUint16(SingleAt.port, true),
    kinds: view.getUint16(SingleAt.kinds, true),
    outcome: view.getUint16(SingleAt.outcome, true),
    packets,
    firstUs: epochStartUs + view.getUint32(SingleAt.firstUs, true),
    lastUs: epochStartUs + view.getUint32(SingleAt.lastUs, true),
    ttl: view.getUint8(SingleAt.ttl),
    tuple: view.getUint32(SingleAt.tuple, true),
    packetsBefore: packets,
    remembered: 0,
  };
  return {
    contact,
    traits: view.getUint32(SingleAt.traits, true),
    signature: view.getUint16(SingleAt.signature, true),
  };
}
