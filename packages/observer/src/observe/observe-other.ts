/**
 * Any other IP protocol: a packet of a protocol we do not decode is a probe of that protocol (Nmap
 * -sO and -PO); the same protocol coming back says it is spoken. Twin: `observe_other.h`.
 */
import { Outcome, ProbeKind } from '../../../plugin-api/src/batch-layout.js';
import type { Packet } from '../decode/packet.js';
import type { Observer } from './observer.js';

/** Protocols with a decoder of their own: here only because their header was unreadable. */
const DECODED = new Set([1, 6, 17, 58, 132]);

export function observeOther(observer: Observer, packet: Packet): void {
  if (DECODED.has(packet.protocol)) return;
  const service = packet.protocol << 16;
  if (observer.sourceHome) observer.outcome(packet, true, service, Outcome.open, false);
  if (observer.targetHome) observer.probe(packet, ProbeKind.ipProtocol, service);
}
