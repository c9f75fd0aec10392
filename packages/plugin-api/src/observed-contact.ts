/** Contacts as a batch has them (batch-layout: CONTACT_SIZE and SINGLE_SIZE records). */
import { ContactAt, SingleAt } from './batch-layout.js';
import type { Origin } from './batch.js';
import type { Contact } from './contact.js';

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

/** That of the single which `view` shows, with `target`. */
export function contactOfSingle(view: DataView, target: string, { epochStartUs }: Origin): Contact {
  const packets = view.getUint16(SingleAt.packets, true);
  return {
    target,
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
}
