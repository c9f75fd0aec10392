/**
 * TCP: a SYN is a probe, its SYN-ACK or reset the outcome, and what follows in the conversation
 * proves the path or carries data. Outside a conversation the flag combination decides; a bare ACK
 * is a probe only with a tool's mark, when a host that never speaks gets it, or once it is reset.
 * Twin: `observe_tcp.h`.
 */
import {
  HostCounter,
  Outcome,
  ProbeKind,
  TargetCounter,
  Trait,
} from '../../../plugin-api/src/batch-layout.js';
import { type Packet, TcpFlags } from '../decode/packet.js';
import { keyedHash, NONE } from './address-index.js';
import { type Flows, FlowState, halfSeconds } from './flows.js';
import type { Observer } from './observer.js';
import { observePayload } from './payloads.js';
import { initialTtl } from './syn-signature.js';
import { probeTraits } from './traits.js';

const SIX_FLAGS = 0x3f;
/** Nothing more to learn from a conversation: the rest of it costs one look-up a packet. */
const ALL_SEEN =
  FlowState.established | FlowState.initiatorData | FlowState.responderData | FlowState.lastSegment;
/**
 * Nmap -sV waits six seconds for a banner; over four, whatever the halves of the first and last.
 */
const WAIT_HALF_SECONDS = 9;
const TCP = 6 << 16;
/** Two packets of one stack on one path differ by one hop at most; more means two stacks. */
const SAME_STACK_TTL_SPREAD = 1;
/** No server answers with so small a window and no more than an MSS. */
const RAW_WINDOW_MAX = 4096;

export function observeTcp(observer: Observer, packet: Packet): void {
  const flags = packet.tcpFlags & SIX_FLAGS;
  if ((flags & TcpFlags.rst) !== 0 && (flags & TcpFlags.syn) === 0) observeReset(observer, packet);
  else if (flags === (TcpFlags.syn | TcpFlags.ack)) observeSynAck(observer, packet);
  else if (flags === TcpFlags.syn) observeSyn(observer, packet);
  else if ((flags & TcpFlags.syn) !== 0) {
    if (observer.targetHome) observer.probe(packet, ProbeKind.oddFlags, TCP | packet.dstPort);
  } else observeSegment(observer, packet, flags);
}

function observeSyn(observer: Observer, packet: Packet): void {
  if (observer.targetHome) {
    observer.probe(packet, ProbeKind.syn, TCP | packet.dstPort);
    return;
  }
  const flows = observer.flows;
  observer.seekFlow(flows, packet);
  if (flows.find(packet.timeUs) === NONE) {
    flows.put(packet.timeUs, FlowState.outbound | (flows.sourceLow ? FlowState.initiatorLow : 0));
  }
}

function observeSynAck(observer: Observer, packet: Packet): void {
  const flows = observer.flows;
  observer.seekFlow(flows, packet);
  let flow = flows.find(packet.timeUs);
  const next = (packet.tcpSeq + 1) | 0;
  if (flow !== NONE && (flows.state[flow] & FlowState.outbound) !== 0) return;
  if (!observer.sourceHome) {
    if (!observer.answersVisible(packet)) return;
    // Nobody of ours asked. Idle scans and backscatter look like this.
    observer.address(packet, false);
    observer.touch.rawSynAck = isRawSynAck(packet);
    observer.outcomeOfTouch(packet, TCP | packet.dstPort, Outcome.backscatterSynAck, 0, true);
    observer.touch.rawSynAck = false;
    observer.countUnsolicited(packet, HostCounter.unsolicitedSynAcks);
    return;
  }
  observer.countSpeaker(HostCounter.synAcksOut);
  if (flow === NONE || flows.responderNext[flow] !== next) {
    flow = flows.put(
      packet.timeUs,
      FlowState.inbound | FlowState.synAck | (flows.sourceLow ? 0 : FlowState.initiatorLow),
    );
    flows.responderNext[flow] = next;
    observer.address(packet, true);
    observer.touch.service = TCP | packet.srcPort;
    observer.sources.seek(observer.touch);
    flows.probeTtl[flow] = observer.sources.probeTtl(observer.touch);
  }
  observer.outcome(packet, true, TCP | packet.srcPort, Outcome.open, true);
  observer.countTarget(TargetCounter.synAcks);
}

function observeReset(observer: Observer, packet: Packet): void {
  const flows = observer.flows;
  observer.seekFlow(flows, packet);
  const flow = flows.find(packet.timeUs);
  if (flow !== NONE) {
    const state = flows.state[flow];
    if ((state & FlowState.orphan) !== 0 && observer.sourceHome) {
      // A bare ACK that our host resets was no connection's: an ACK probe, answered.
      flows.state[flow] = 0;
      observer.address(packet, true);
      observer.outcomeOfTouch(packet, TCP | packet.srcPort, Outcome.closed, ProbeKind.ack, true);
      observer.countTarget(TargetCounter.resets);
    } else if ((state & FlowState.inbound) !== 0 && fromInitiator(observer, flow)) {
      observeInitiatorReset(observer, packet, flow);
    }
    return;
  }
  if (observer.sourceHome) {
    observer.countSpeaker(HostCounter.resetsOut);
    // RFC 9293 §3.10.7.1: only a segment without ACK is answered by RST,ACK with sequence 0.
    const answersSyn = (packet.tcpFlags & TcpFlags.ack) !== 0 && packet.tcpSeq === 0;
    observer.outcome(packet, true, TCP | packet.srcPort, Outcome.closed, answersSyn);
    if (answersSyn) observer.countTarget(TargetCounter.resets);
    return;
  }
  if (!observer.answersVisible(packet)) return;
  if ((packet.tcpFlags & TcpFlags.ack) !== 0 && packet.tcpSeq === 0) {
    observer.address(packet, false);
    observer.outcomeOfTouch(packet, TCP | packet.dstPort, Outcome.backscatterRst, 0, true);
    observer.countUnsolicited(packet, HostCounter.unsolicitedResets);
  }
}

/** The prober resets what we answered: its kernel knows nothing of a raw probe's connection. */
function observeInitiatorReset(observer: Observer, packet: Packet, flow: number): void {
  const flows = observer.flows;
  const state = flows.state[flow];
  if (onlyListened(flows, flow, packet.timeUs)) {
    observer.address(packet, false);
    observer.outcomeOfTouch(packet, TCP | packet.dstPort, Outcome.waited, 0, true);
  }
  if ((state & FlowState.synAck) === 0 || (state & FlowState.established) !== 0) return;
  let outcome: number = Outcome.sourceReset;
  const probeTtl = flows.probeTtl[flow];
  if (probeTtl !== 0 && Math.abs(probeTtl - packet.ttl) > SAME_STACK_TTL_SPREAD)
    outcome |= Outcome.stackSplit;
  flows.state[flow] = state & ~FlowState.synAck;
  observer.touch.resetId = packet.ipId & 0xffff;
  observer.touch.resetOtherClass =
    probeTtl !== 0 && initialTtl(probeTtl) !== initialTtl(packet.ttl);
  observer.outcome(packet, false, TCP | packet.dstPort, outcome, false);
  observer.touch.resetId = -1;
  observer.touch.resetOtherClass = false;
}

/** Nmap asks zombies with an MSS and nothing else, a tiny window and no DF (idle_scan.cc). */
function isRawSynAck(packet: Packet): boolean {
  return !packet.dontFragment && packet.tcpOptionsSize <= 4 && packet.tcpWindow <= RAW_WINDOW_MAX;
}

/** ACK, data, FIN and the flag combinations of stealth scans. */
function observeSegment(observer: Observer, packet: Packet, flags: number): void {
  const flows = observer.flows;
  observer.seekFlow(flows, packet);
  const flow = flows.find(packet.timeUs);
  if (flow !== NONE) {
    observeConversation(observer, packet, flow);
    return;
  }
  if (observer.targetHome && (flags & TcpFlags.ack) === 0) {
    observer.probe(packet, stealthKind(flags), TCP | packet.dstPort);
    return;
  }
  if (packet.payloadWireSize > 0 || !observer.targetHome) {
    observeMidstream(observer, packet);
    return;
  }
  observeOrphan(observer, packet, flags);
}

function observeConversation(observer: Observer, packet: Packet, flow: number): void {
  const flows = observer.flows;
  const state = flows.state[flow];
  if ((state & FlowState.orphan) !== 0) {
    if (!observer.sourceHome && packet.payloadWireSize === 0) return;
    flows.state[flow] = FlowState.midstream;
    if (!observer.sourceHome) {
      observePayload(observer, packet, TCP | packet.dstPort, false, false);
    }
    return;
  }
  if ((state & FlowState.inbound) === 0 || (state & ALL_SEEN) === ALL_SEEN) return;
  if (fromInitiator(observer, flow)) observeInitiator(observer, packet, flow);
  else if (packet.payloadWireSize > 0 && (state & FlowState.responderData) === 0) {
    flows.state[flow] = state | FlowState.responderData;
    observer.address(packet, true);
    observer.outcomeOfTouch(packet, TCP | packet.srcPort, Outcome.targetData, 0, true);
  }
}

/** The prober goes on: it proves its path, speaks, or closes. */
function observeInitiator(observer: Observer, packet: Packet, flow: number): void {
  const flows = observer.flows;
  const state = flows.state[flow];
  const hasData = packet.payloadWireSize > 0;
  const isClosing = (packet.tcpFlags & TcpFlags.fin) !== 0;
  // Most packets that come here acknowledge a download.
  if (!hasData && (state & FlowState.established) !== 0 && !isClosing) return;
  let outcome = 0;
  let now = state;
  if ((state & FlowState.established) === 0 && packet.tcpAck === flows.responderNext[flow]) {
    now |= FlowState.established;
    outcome |= Outcome.established;
    flows.establishedAt[flow] = halfSeconds(packet.timeUs);
    observer.countEstablished(packet, false);
  }
  if (hasData && (state & FlowState.initiatorData) === 0) {
    now |= FlowState.initiatorData;
    outcome |= Outcome.sourceData;
    if (hasWaited(flows, flow, packet.timeUs)) outcome |= Outcome.waited;
  } else if (isClosing && onlyListened(flows, flow, packet.timeUs)) {
    outcome |= Outcome.waited;
  }
  if (hasData && (state & FlowState.lastSegment) === 0) now += FlowState.segment;
  flows.state[flow] = now;
  if (outcome !== 0) {
    observer.address(packet, false);
    observer.outcomeOfTouch(packet, TCP | packet.dstPort, outcome, 0, true);
  }
  if (!hasData || (state & FlowState.lastSegment) !== 0) return;
  const afterWait = (outcome & Outcome.waited) !== 0 && (now & FlowState.responderData) === 0;
  const isTrusted = (now & FlowState.established) !== 0;
  observePayload(observer, packet, TCP | packet.dstPort, afterWait, isTrusted);
}

/** Whether the prober, which closes now, came to listen: a banner was sent, or it waited. */
function onlyListened(flows: Flows, flow: number, nowUs: number): boolean {
  const state = flows.state[flow];
  if ((state & (FlowState.established | FlowState.initiatorData)) !== FlowState.established) {
    return false;
  }
  return (state & FlowState.responderData) !== 0 || hasWaited(flows, flow, nowUs);
}

/** Whether the connection has stood for over four seconds. Silences of some minutes alias: rare. */
function hasWaited(flows: Flows, flow: number, nowUs: number): boolean {
  if ((flows.state[flow] & FlowState.established) === 0) return false;
  return ((halfSeconds(nowUs) - flows.establishedAt[flow]) & 0xff) >= WAIT_HALF_SECONDS;
}

/** Data of a connection that began before us, or whose other direction we do not see. */
function observeMidstream(observer: Observer, packet: Packet): void {
  observer.flows.put(packet.timeUs, FlowState.midstream);
  if (packet.payloadWireSize === 0 || observer.sourceHome) return;
  const outcome = Outcome.midstream | Outcome.sourceData;
  observer.address(packet, false);
  observer.outcomeOfTouch(packet, TCP | packet.dstPort, outcome, 0, true);
  observePayload(observer, packet, TCP | packet.dstPort, false, false);
}

/** A bare ACK or FIN-ACK to a protected host, outside any conversation. */
function observeOrphan(observer: Observer, packet: Packet, flags: number): void {
  observer.counts.orphans++;
  const service = TCP | packet.dstPort;
  const kind =
    flags === TcpFlags.ack
      ? ProbeKind.ack
      : flags === (TcpFlags.fin | TcpFlags.ack)
        ? ProbeKind.maimon
        : ProbeKind.oddFlags;
  const marked = (probeTraits(packet) & Trait.markNmap) !== 0;
  const target = keyedHash(packet.tunnelKey, packet.dst0, packet.dst1, packet.dst2, packet.dst3);
  const toSilent = observer.silenceTells(packet) && !observer.hosts.everSpoke(target);
  if (marked || toSilent) {
    observer.probe(packet, kind, service);
    return;
  }
  observer.flows.put(packet.timeUs, FlowState.orphan);
}

function stealthKind(flags: number): number {
  if (flags === 0) return ProbeKind.null;
  if (flags === TcpFlags.fin) return ProbeKind.fin;
  if (flags === (TcpFlags.fin | TcpFlags.psh | TcpFlags.urg)) return ProbeKind.xmas;
  return ProbeKind.oddFlags;
}

/** Whether the packet just sought in `flows` goes from the prober to the probed. */
function fromInitiator(observer: Observer, flow: number): boolean {
  if (observer.sourceHome !== observer.targetHome) return observer.targetHome;
  return observer.flows.sourceLow === ((observer.flows.state[flow] & FlowState.initiatorLow) !== 0);
}
