/** What one source did in one epoch, read from a batch, in the words of the output contract. */
import {
  type Batch,
  CONTACT_SIZE,
  ContactAt,
  decodeBatch,
  Outcome,
  PROBE_NAMES,
  ProbeKind,
  SINGLE_SIZE,
  SingleAt,
  SourceCounter,
  type SourceObservation,
} from '../../packages/plugin-api/src/index.js';
import { addressText } from '../shared/address.js';
import { protocolName } from '../shared/protocol.js';
import { formatEveTime } from '../shared/time.js';

/** Times are packet times as EVE writes them. */
export interface Sighting {
  epoch: string;
  /** False: the beginning of an epoch, sent early; the whole epoch follows. */
  final: boolean;
  /** Outer VLAN or tunnel; 0 is none. */
  tunnel: number;
  first_seen: string;
  last_seen: string;
  /** Packets by kind of probe. */
  probes: Record<string, number>;
  /** Distinct targets listed; `exact` when there were no more. */
  targets: number;
  exact: boolean;
  contacts: SightedContact[];
  contacts_left_out: number;
}

/** One (target, protocol, port). */
export interface SightedContact {
  dest_ip: string;
  proto: string;
  port: number;
  probes: string[];
  outcomes: string[];
  packets: number;
}

/** Of an address in a single: IPv4 is mapped. */
const ADDRESS_SIZE = 16;
/** Contacts told of one source and epoch. */
export const CONTACTS_TOLD_MAX = 256;

/**
 * The sightings of an address (4 or 16 bytes) in a batch, one for each tunnel it came through.
 * @throws RangeError when the bytes are no batch.
 */
export function sightingsOf(bytes: Uint8Array, address: Uint8Array): Sighting[] {
  // Most batches know nothing of it, and then its bytes are nowhere in them.
  if (!bufferOf(bytes).includes(bufferOf(address))) return [];
  const batch = decodeBatch(bytes);
  const sought = bufferOf(address);
  const sightings = batch.sources
    .filter((source) => sought.equals(source.address))
    .map((source) => sightingOf(batch, source));
  const mapped = mappedAddress(address);
  for (let at = 0; at < batch.singles.length; at += SINGLE_SIZE) {
    const single = bufferOf(batch.singles.subarray(at, at + SINGLE_SIZE));
    if (mapped.equals(single.subarray(SingleAt.source, SingleAt.source + ADDRESS_SIZE)))
      sightings.push(singleSighting(batch, single, address.length));
  }
  return sightings;
}

function sightingOf(batch: Batch, source: SourceObservation): Sighting {
  const { address, targets, targetSketch, pairSketch, counters } = source;
  const contacts = bufferOf(source.contacts);
  const contactCount = contacts.length / CONTACT_SIZE;
  const told = Math.min(contactCount, CONTACTS_TOLD_MAX);
  const probes = Object.entries(PROBE_NAMES)
    .filter(([name]) => name in SourceCounter)
    .map(([name, word]) => [word, counters[SourceCounter[name as keyof typeof SourceCounter]]])
    .filter(([, packets]) => Number(packets) > 0);
  return {
    ...whenOf(batch, source.firstUs, source.lastUs),
    tunnel: source.tunnelKey,
    probes: Object.fromEntries(probes) as Record<string, number>,
    targets: targets.length / address.length,
    exact: targetSketch === null && pairSketch === null,
    contacts: Array.from({ length: told }, (_, index) => {
      const one = contacts.subarray(index * CONTACT_SIZE, (index + 1) * CONTACT_SIZE);
      const from = one.readUInt16LE(ContactAt.target) * address.length;
      return {
        dest_ip: addressText(targets.subarray(from, from + address.length)),
        proto: protocolName(one[ContactAt.protocol]),
        port: one.readUInt16LE(ContactAt.port),
        probes: namesOf(one.readUInt16LE(ContactAt.kinds), PROBE_WORDS),
        outcomes: namesOf(one.readUInt16LE(ContactAt.outcome), OUTCOME_WORDS),
        packets: one.readUInt16LE(ContactAt.packets),
      };
    }),
    contacts_left_out: contactCount - told,
  };
}

/** Of a source that touched one thing only: a record of SINGLE_SIZE bytes. */
function singleSighting(batch: Batch, single: Buffer, addressSize: number): Sighting {
  const packets = single.readUInt16LE(SingleAt.packets);
  const targetEnd = SingleAt.target + ADDRESS_SIZE;
  const probes = namesOf(single.readUInt16LE(SingleAt.kinds), PROBE_WORDS);
  const contact: SightedContact = {
    dest_ip: addressText(single.subarray(targetEnd - addressSize, targetEnd)),
    proto: protocolName(single[SingleAt.protocol]),
    port: single.readUInt16LE(SingleAt.port),
    probes,
    outcomes: namesOf(single.readUInt16LE(SingleAt.outcome), OUTCOME_WORDS),
    packets,
  };
  return {
    ...whenOf(batch, single.readUInt32LE(SingleAt.firstUs), single.readUInt32LE(SingleAt.lastUs)),
    tunnel: single.readUInt32LE(SingleAt.tunnelKey),
    probes: Object.fromEntries(probes.slice(0, 1).map((word) => [word, packets])),
    targets: 1,
    exact: true,
    contacts: [contact],
    contacts_left_out: 0,
  };
}

function whenOf({ epochStartUs, final }: Batch, firstUs: number, lastUs: number) {
  return {
    epoch: formatEveTime(epochStartUs),
    final,
    first_seen: formatEveTime(epochStartUs + firstUs),
    last_seen: formatEveTime(epochStartUs + lastUs),
  };
}

type Words = readonly (readonly [bit: number, word: string])[];

const PROBE_WORDS: Words = Object.entries(ProbeKind).map(([name, bit]) => {
  return [bit, PROBE_NAMES[name as keyof typeof ProbeKind]];
});
const OUTCOME_WORDS: Words = Object.entries(Outcome).map(([name, bit]) => {
  return [bit, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
});

function namesOf(bits: number, words: Words): string[] {
  return words.filter(([bit]) => (bits & bit) !== 0).map(([, word]) => word);
}

/** As singles hold it: IPv4 in IPv6. */
function mappedAddress(address: Uint8Array): Buffer {
  if (address.length === 16) return bufferOf(address);
  return Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff]), address]);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
