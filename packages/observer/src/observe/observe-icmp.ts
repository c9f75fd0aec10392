/**
 * ICMP and ICMPv6: requests are probes, replies and errors are outcomes. An error names the packet
 * that caused it, so it is counted for that packet's sender whoever sends the error. Twin:
 * `observe_icmp.h`.
 */
import { Outcome, ProbeKind } from '../../../plugin-api/src/batch-layout.js';
import { type Packet, Transport } from '../decode/packet.js';
import { NONE } from './address-index.js';
import { FlowState } from './flows.js';
import type { Observer } from './observer.js';

/**
 * The request type that a reply type answers, ICMPv4 (RFC 792, RFC 950) and ICMPv6 (RFC 4443); -1
 * none.
 */
function requestOf(reply: number, version6: boolean): number {
  if (version6) return reply === 129 ? 128 : reply === 140 ? 139 : -1;
  switch (reply) {
    case 0:
      return 8;
    case 14:
      return 13;
    case 16:
      return 15;
    case 18:
      return 17;
    default:
      return -1;
  }
}

function probeKindOf(type: number, version6: boolean): number {
  if (version6) return type === 128 ? ProbeKind.icmpEcho : type === 139 ? ProbeKind.icmpOther : 0;
  switch (type) {
    case 8:
      return ProbeKind.icmpEcho;
    case 13:
      return ProbeKind.icmpTimestamp;
    case 17:
      return ProbeKind.icmpMask;
    case 10:
    case 15:
      return ProbeKind.icmpOther;
    default:
      return 0;
  }
}

export function observeIcmp(observer: Observer, packet: Packet): void {
  if (packet.quotedVersion !== 0) {
    observeError(observer, packet);
    return;
  }
  const version6 = packet.transport === Transport.icmp6;
  const protocol = packet.protocol << 16;
  const kind = probeKindOf(packet.icmpType, version6);
  if (kind !== 0) {
    if (observer.targetHome) observer.probe(packet, kind, protocol | packet.icmpType);
    return;
  }
  const request = requestOf(packet.icmpType, version6);
  if (request < 0 || !observer.sourceHome) return;
  observer.outcome(packet, true, protocol | request, Outcome.open, true);
}

function observeError(observer: Observer, packet: Packet): void {
  const flows = observer.flows;
  flows.seek(
    packet.quotedSrc0,
    packet.quotedSrc1,
    packet.quotedSrc2,
    packet.quotedSrc3,
    packet.quotedSrcPort,
    packet.quotedDst0,
    packet.quotedDst1,
    packet.quotedDst2,
    packet.quotedDst3,
    packet.quotedDstPort,
    packet.quotedProtocol,
    packet.tunnelKey,
  );
  const flow = flows.find(packet.timeUs);
  const proberHome = observer.isHome(
    packet.quotedSrc0,
    packet.quotedSrc1,
    packet.quotedSrc2,
    packet.quotedSrc3,
  );
  const probedHome = observer.isHome(
    packet.quotedDst0,
    packet.quotedDst1,
    packet.quotedDst2,
    packet.quotedDst3,
  );
  if (probedHome && !(observer.targetHome && !proberHome)) {
    // An error on its way to the prober, about a packet to one of ours.
    if (flow !== NONE && (flows.state[flow] & FlowState.outbound) !== 0) return;
    const touch = observer.touch;
    touch.tunnelKey = packet.tunnelKey;
    touch.s0 = packet.quotedSrc0;
    touch.s1 = packet.quotedSrc1;
    touch.s2 = packet.quotedSrc2;
    touch.s3 = packet.quotedSrc3;
    touch.t0 = packet.quotedDst0;
    touch.t1 = packet.quotedDst1;
    touch.t2 = packet.quotedDst2;
    touch.t3 = packet.quotedDst3;
    touch.hashAddresses();
    const service = (packet.quotedProtocol << 16) | quotedService(packet);
    observer.outcomeOfTouch(
      packet,
      service,
      errorOutcome(packet),
      ProbeKind.inferred,
      packet.quotedPortsValid,
    );
    return;
  }
  if (!observer.targetHome || flow !== NONE || !proberHome || !observer.answersVisible(packet))
    return;
  if (!packet.quotedPortsValid) return;
  observer.address(packet, false);
  const service = (packet.quotedProtocol << 16) | packet.quotedSrcPort;
  observer.outcomeOfTouch(packet, service, Outcome.backscatterIcmp, 0, true);
}

/**
 * The port of the contact the quoted packet belongs to; a quoted ICMP packet is taken for an echo
 * request.
 */
function quotedService(packet: Packet): number {
  if (packet.quotedPortsValid) return packet.quotedDstPort;
  return packet.quotedProtocol === 1 ? 8 : packet.quotedProtocol === 58 ? 128 : 0;
}

/**
 * Port (and protocol) unreachable says closed, every other error says filtered: RFC 792, RFC 4443
 * §3.1.
 */
function errorOutcome(packet: Packet): number {
  const closed =
    packet.transport === Transport.icmp6
      ? packet.icmpType === 1 && packet.icmpCode === 4
      : packet.icmpType === 3 && (packet.icmpCode === 2 || packet.icmpCode === 3);
  return closed ? Outcome.closed : Outcome.unreachable;
}
