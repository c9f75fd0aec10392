/**
 * What a probing source says to a service: known payloads, the shapes of its TLS hellos, and
 * samples of hellos and HTTP requests, from which the judging side computes fingerprints. Only the
 * first segments of a conversation and UDP probes come here, so bulk traffic costs nothing. Twin:
 * `payloads.{h,cc}`.
 */
import { HELLO_OBSOLETE, HIT_AFTER_WAIT } from '../../../plugin-api/src/batch-layout.js';
import { finish, HASH_SEED, mix } from '../base/hash.js';
import { type Packet, Transport } from '../decode/packet.js';
import { u16, u32 } from '../decode/walk.js';
import { NONE } from './address-index.js';
import type { Observer } from './observer.js';
import { NO_PAYLOAD } from './payload-matcher.js';

/** RFC 8446 §5.1, §4: record type handshake, version, length; message type client_hello, length. */
const RECORD_HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const HELLO_TYPE_AT = 5;
const VERSION_AT = 9;
const SESSION_ID_SIZE_AT = 43;
const TLS_1_2 = 0x0303;
const HASH_BITS = 0x3fffffff;

/**
 * The first four bytes of the methods of RFC 9110 §9 and RFC 5789, and WebDAV's most common one.
 */
const HTTP_METHODS: readonly number[] = [
  'GET ',
  'POST',
  'HEAD',
  'OPTI',
  'PUT ',
  'DELE',
  'CONN',
  'TRAC',
  'PATC',
  'PROP',
].map((text) => u32(new TextEncoder().encode(text), 0));
/** "ser-" and "gent": what of "User-Agent:" has one case everywhere. */
const SER = 0x7365722d;
const GENT = 0x67656e74;
/** From "ser-" to "gent", and to the field's value. */
const GENT_AT = 5;
const VALUE_AT = 10;
/** Bytes of a request's head that are searched for its user agent. */
const HEAD_SIZE_MAX = 1024;

/**
 * `afterWait`: these are the first bytes of a connection, and they came late. `trusted`: the source
 * proved its return path, so it may get full state for what it says.
 */
export function observePayload(
  observer: Observer,
  packet: Packet,
  service: number,
  afterWait: boolean,
  trusted: boolean,
): void {
  const { bytes, payloadAt: at, payloadSize: size } = packet;
  const { matcher, sources } = observer;
  const isUdp = packet.transport === Transport.udp;
  const isKnown = matcher.match(bytes, at, size, packet.payloadWireSize, isUdp);
  const shape = isUdp ? 0 : helloShape(bytes, at, size);
  const isRequest = !isUdp && shape === 0 && isHttpRequest(bytes, at, size);
  if (!isKnown && shape === 0 && !isRequest) return;
  observer.address(packet, false);
  observer.aim(packet, service, 0, 0, true);
  const { touch } = observer;
  // Few clients offer less than TLS 1.2, and an enumeration of ciphers does.
  const isTelling = isKnown || (shape & HELLO_OBSOLETE) !== 0;
  const source = sources.fullStateOf(touch, isTelling && trusted);
  if (source === NONE) return;
  const { payloads } = sources;
  const member = sources.memberOf(source, touch);
  if (member === NONE) {
    payloads.hitsRefused++;
    return;
  }
  const flags = afterWait ? HIT_AFTER_WAIT : 0;
  const { opening, inside } = matcher;
  if (opening !== NO_PAYLOAD) payloads.addHit(source, opening, member, service, flags);
  if (inside !== NO_PAYLOAD) payloads.addHit(source, inside, member, service, flags);
  if (shape !== 0) payloads.addHit(source, shape, member, service, flags);
  if ((shape === 0 && !isRequest) || !sources.isWorthSamples(source)) return;
  const hash = shape !== 0 ? shape : userAgentHash(bytes, at, size);
  payloads.addSample(source, hash, member, packet.dstPort, bytes, at, size);
}

/**
 * A hash of what a TLS client offers: its version and its cipher suites, without the random values
 * of RFC 8701. The top bit is set, so it is negative; the next one is set when the client offers
 * less than TLS 1.2. 0 when the payload opens no hello or ends before its cipher suites do.
 */
export function helloShape(bytes: Uint8Array, at: number, size: number): number {
  if (size <= SESSION_ID_SIZE_AT || bytes[at] !== RECORD_HANDSHAKE || bytes[at + 1] !== 3) return 0;
  if (bytes[at + HELLO_TYPE_AT] !== CLIENT_HELLO) return 0;
  const version = u16(bytes, at + VERSION_AT);
  const listAt = SESSION_ID_SIZE_AT + 1 + bytes[at + SESSION_ID_SIZE_AT] + 2;
  if (listAt > size) return 0;
  const end = listAt + u16(bytes, at + listAt - 2);
  if (end > size) return 0;
  let hash = mix(HASH_SEED, version);
  for (let offset = listAt; offset + 1 < end; offset += 2) {
    const suite = u16(bytes, at + offset);
    if (!isGrease(suite)) hash = mix(hash, suite);
  }
  const flags = version < TLS_1_2 ? HELLO_OBSOLETE : 0;
  return (finish(hash) & HASH_BITS) | flags | (1 << 31);
}

/** RFC 8701 §3.1: 0x0a0a, 0x1a1a ... 0xfafa. */
function isGrease(suite: number): boolean {
  return (suite & 0x0f0f) === 0x0a0a && suite >>> 8 === (suite & 0xff);
}

function isHttpRequest(bytes: Uint8Array, at: number, size: number): boolean {
  if (size < 4) return false;
  const word = u32(bytes, at);
  for (const method of HTTP_METHODS) if (method === word) return true;
  return false;
}

/** Tells samples of one source apart by their user agent; all without one are alike. */
function userAgentHash(bytes: Uint8Array, at: number, size: number): number {
  const end = at + Math.min(size, HEAD_SIZE_MAX);
  for (let from = at; from + VALUE_AT <= end; from++) {
    if (bytes[from] !== 0x73 || u32(bytes, from) !== SER || u32(bytes, from + GENT_AT) !== GENT) {
      continue;
    }
    let hash = HASH_SEED | 0;
    for (let i = from + VALUE_AT; i < end && bytes[i] !== 0x0d; i++) hash = mix(hash, bytes[i]);
    return finish(hash);
  }
  return 0;
}
