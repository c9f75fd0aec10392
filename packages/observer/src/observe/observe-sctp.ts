/**
 * SCTP: INIT and COOKIE-ECHO outside an association are probes (RFC 9260 §3.3). Twin:
 * `observe_sctp.h`.
 */
import { Outcome, ProbeKind } from '../../../plugin-api/src/batch-layout.js';
import type { Packet } from '../decode/packet.js';
import { NONE } from './address-index.js';
import { FlowState } from './flows.js';
import type { Observer } from './observer.js';

const SCTP = 132 << 16;
const Chunk = { init: 1, initAck: 2, abort: 6, cookieEcho: 10, cookieAck: 11 } as const;

export function observeSctp(observer: Observer, packet: Packet): void {
  const flows = observer.flows;
  observer.seekFlow(flows, packet);
  const flow = flows.find(packet.timeUs);
  switch (packet.sctpChunk) {
    case Chunk.init:
      if (observer.targetHome) observer.probe(packet, ProbeKind.sctpInit, SCTP | packet.dstPort);
      else if (flow === NONE) flows.put(packet.timeUs, FlowState.outbound);
      break;
    case Chunk.cookieEcho:
      if (observer.targetHome && flow === NONE) {
        observer.probe(packet, ProbeKind.sctpCookieEcho, SCTP | packet.dstPort);
      }
      break;
    case Chunk.initAck:
    case Chunk.cookieAck:
      if (!observer.sourceHome || (flow !== NONE && (flows.state[flow] & FlowState.outbound) !== 0))
        break;
      if (flow === NONE) flows.put(packet.timeUs, FlowState.inbound);
      observer.outcome(packet, true, SCTP | packet.srcPort, Outcome.open, true);
      break;
    case Chunk.abort:
      if (observer.sourceHome && flow === NONE) {
        observer.outcome(packet, true, SCTP | packet.srcPort, Outcome.closed, true);
      }
      break;
    default:
      break;
  }
}
