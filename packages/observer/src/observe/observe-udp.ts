/**
 * UDP: an answer makes a conversation. What comes in unasked is a probe, unless its content is
 * plainly an answer (then it is backscatter), or its direction cannot be told. Twin:
 * `observe_udp.h`.
 */
import { Outcome, ProbeKind } from '../../../plugin-api/src/batch-layout.js';
import type { Packet } from '../decode/packet.js';
import { NONE } from './address-index.js';
import { FlowState } from './flows.js';
import type { Observer } from './observer.js';
import { observePayload } from './payloads.js';
import { isUdpAnswer } from './udp-answers.js';

const UDP = 17 << 16;
const PRIVILEGED_PORT_MAX = 1023;

export function observeUdp(observer: Observer, packet: Packet): void {
  const flows = observer.flows;
  observer.seekFlow(flows, packet);
  const flow = flows.find(packet.timeUs);
  if (flow !== NONE) {
    observeKnown(observer, packet, flow);
    return;
  }
  if (observer.sourceHome) {
    const pending = observer.pendingUdp;
    observer.seekFlow(pending, packet);
    const asked = pending.find(packet.timeUs);
    if (
      asked !== NONE &&
      pending.sourceLow !== ((pending.state[asked] & FlowState.initiatorLow) !== 0)
    ) {
      pending.state[asked] = 0;
      flows.put(
        packet.timeUs,
        FlowState.inbound |
          FlowState.established |
          FlowState.responderData |
          (flows.sourceLow ? 0 : FlowState.initiatorLow),
      );
      observer.outcome(packet, true, UDP | packet.srcPort, Outcome.open | Outcome.targetData, true);
      return;
    }
    if (!observer.targetHome) {
      flows.put(packet.timeUs, FlowState.outbound | (flows.sourceLow ? FlowState.initiatorLow : 0));
      return;
    }
  }
  if (observer.targetHome) observeUnasked(observer, packet);
}

function observeKnown(observer: Observer, packet: Packet, flow: number): void {
  const state = observer.flows.state[flow];
  if ((state & FlowState.inbound) === 0 || (state & FlowState.initiatorData) !== 0) return;
  if (!observer.targetHome || observer.flows.sourceLow !== ((state & FlowState.initiatorLow) !== 0))
    return;
  observer.flows.state[flow] = state | FlowState.initiatorData;
  observer.address(packet, false);
  observer.outcomeOfTouch(
    packet,
    UDP | packet.dstPort,
    Outcome.sourceData | Outcome.established,
    0,
    true,
  );
  observePayload(observer, packet, UDP | packet.dstPort, false, true);
}

function observeUnasked(observer: Observer, packet: Packet): void {
  const visible = observer.answersVisible(packet);
  const isAnswer = isUdpAnswer(packet);
  if (isAnswer && visible) {
    observer.address(packet, false);
    observer.outcomeOfTouch(packet, UDP | packet.dstPort, Outcome.backscatterReply, 0, true);
    return;
  }
  const isFromService =
    packet.srcPort <= PRIVILEGED_PORT_MAX && packet.dstPort > PRIVILEGED_PORT_MAX;
  // Whether it was asked for, nobody has seen.
  if (!visible && (isAnswer || isFromService)) {
    observer.counts.udpDirectionUnknown++;
    return;
  }
  observer.probe(packet, ProbeKind.udp, UDP | packet.dstPort);
  observePayload(observer, packet, UDP | packet.dstPort, false, false);
  const pending = observer.pendingUdp;
  observer.seekFlow(pending, packet);
  if (pending.find(packet.timeUs) === NONE) {
    pending.put(
      packet.timeUs,
      FlowState.inbound | (pending.sourceLow ? FlowState.initiatorLow : 0),
    );
  }
}
