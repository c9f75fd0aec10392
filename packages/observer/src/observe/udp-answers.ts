/** Tells a service's answer over UDP by its content. Twin: `udp_answers.cc`. */
import type { Packet } from '../decode/packet.js';
import { UDP_ANSWER_FORMS, type UdpAnswerForm } from './udp-answer-forms.js';

const CLDAP = 389;
const SNMP = 161;

/** Port 0 is that of forms which any port may send. */
const BY_PORT = new Map<number, UdpAnswerForm[]>();
for (const form of UDP_ANSWER_FORMS) BY_PORT.set(form[0], [...(BY_PORT.get(form[0]) ?? []), form]);
const ANY_PORT = BY_PORT.get(0);

export function isUdpAnswer(packet: Packet): boolean {
  const { srcPort } = packet;
  if (srcPort === SNMP || srcPort === CLDAP) return isBerAnswer(packet);
  return hasForm(packet, ANY_PORT) || hasForm(packet, BY_PORT.get(srcPort));
}

function hasForm(packet: Packet, forms: readonly UdpAnswerForm[] | undefined): boolean {
  if (forms === undefined) return false;
  for (const [, size, at, mask, value, thenAt, thenMask, thenValue] of forms)
    if (
      packet.payloadSize >= size &&
      hasWord(packet, at, mask, value) &&
      hasWord(packet, thenAt, thenMask, thenValue)
    )
      return true;
  return false;
}

function hasWord({ bytes, payloadAt }: Packet, at: number, mask: number, value: number): boolean {
  if (mask === 0) return true;
  const from = payloadAt + at;
  const word =
    (bytes[from] << 24) | (bytes[from + 1] << 16) | (bytes[from + 2] << 8) | bytes[from + 3];
  return (word & mask) >>> 0 === value;
}

/**
 * SearchResultEntry, -Done and -Reference of CLDAP (RFC 4511 §4.5.2); Response of SNMP (RFC 3416
 * §3).
 */
function isBerAnswer(packet: Packet): boolean {
  const at = operationAt(packet);
  if (at === 0) return false;
  const tag = packet.bytes[packet.payloadAt + at];
  if (packet.srcPort === SNMP) return tag === 0xa2;
  return tag === 0x64 || tag === 0x65 || tag === 0x73;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;

/** Where the operation of an LDAP or SNMP message begins; 0 when it is none. */
function operationAt(packet: Packet): number {
  const { bytes, payloadAt, payloadSize, srcPort } = packet;
  if (payloadSize === 0 || bytes[payloadAt] !== SEQUENCE) return 0;
  const inside = berHeader(packet, 0);
  let at = inside === 0 ? 0 : pastShort(packet, inside, INTEGER);
  if (at !== 0 && srcPort === SNMP) at = pastShort(packet, at, OCTET_STRING);
  return at < payloadSize ? at : 0;
}

/** The size of a BER header at `at` (X.690 §8.1), 0 when it is none of at most 4 GiB, or cut. */
function berHeader({ bytes, payloadAt, payloadSize }: Packet, at: number): number {
  if (at + 2 > payloadSize) return 0;
  const length = bytes[payloadAt + at + 1];
  if (length < 0x80) return 2;
  const count = length & 0x7f;
  return count === 0 || count > 4 ? 0 : 2 + count;
}

/** Past a short element with `tag` at `at`; 0 when there is none. */
function pastShort({ bytes, payloadAt, payloadSize }: Packet, at: number, tag: number): number {
  const from = payloadAt + at;
  if (at + 2 > payloadSize || bytes[from] !== tag || bytes[from + 1] >= 0x80) return 0;
  return at + 2 + bytes[from + 1];
}
