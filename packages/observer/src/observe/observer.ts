/**
 * Packet facts to per-entity observations of one epoch. This file holds the tables and the moves
 * that every protocol makes; who probes, who answers and what that means is decided per protocol in
 * `observe-*.ts`. Nothing here judges. Twin: `observer.h`.
 */
import {
  NO_SIGNATURE,
  Outcome,
  ProbeKind,
  TargetCounter,
} from '../../../plugin-api/src/batch-layout.js';
import { Fragment, type Packet, Transport } from '../decode/packet.js';
import type { ObserverOptions } from '../options.js';
import { NONE } from './address-index.js';
import { Duplicates } from './duplicates.js';
import { Flows } from './flows.js';
import { type HomeNet, HomeNets } from './home-nets.js';
import { Hosts } from './hosts.js';
import { observeIcmp } from './observe-icmp.js';
import { observeOther } from './observe-other.js';
import { observeSctp } from './observe-sctp.js';
import { observeTcp } from './observe-tcp.js';
import { observeUdp } from './observe-udp.js';
import { PayloadMatcher } from './payload-matcher.js';
import { Signatures } from './signatures.js';
import { PortSets } from './port-sets.js';
import { Sketches } from './sketches.js';
import { Sources } from './sources.js';
import { Targets } from './targets.js';
import { Touch } from './touch.js';
import { probeTraits, withOwnTraits } from './traits.js';

/**
 * UDP probes waiting for an answer: in a table of their own, so that a UDP scan evicts no
 * conversation.
 */
const PENDING_UDP_MAX = 65_536;
/**
 * Without an outbound packet for this long, answers are taken to be invisible here (one-way
 * capture).
 */
const OUTBOUND_SILENCE_US = 300_000_000;

/** After this long without one, what silence says is learned anew: the sensor was blind. */
const BLIND_US = 3_600_000_000;

/** Packets by what they were to us; cumulative. */
export class ObserveCounts {
  notIp = 0;
  outside = 0;
  inbound = 0;
  outbound = 0;
  internal = 0;
  duplicates = 0;
  probes = 0;
  truncated = 0;
  udpDirectionUnknown = 0;
  orphans = 0;
  singlesFolded = 0;
}

export class Observer {
  readonly sketches: Sketches;
  readonly portSets: PortSets;
  readonly sources: Sources;
  readonly targets: Targets;
  readonly hosts: Hosts;
  readonly signatures: Signatures;
  readonly flows: Flows;
  readonly pendingUdp: Flows;
  readonly matcher: PayloadMatcher;
  readonly touch = new Touch();
  readonly counts = new ObserveCounts();
  private readonly homeNets: HomeNets;
  private readonly duplicates: Duplicates;
  private readonly darkAfterUs: number;
  private readonly silentAfterUs: number;
  private lastOutboundUs = -1e18;
  /** Since when answers have passed the sensor, but for pauses shorter than `BLIND_US`. */
  private visibleSinceUs = 0;

  /** Of the packet at hand: whether its source and its destination are protected. */
  sourceHome = false;
  targetHome = false;
  /** With `sourceHome`: the sender's entry among the hosts, or NONE. */
  private speaker = NONE;
  epochStartUs = 0;

  constructor(options: ObserverOptions, homeNets: readonly HomeNet[]) {
    const tables = options.tables;
    this.homeNets = new HomeNets(homeNets);
    this.darkAfterUs = options.darkAfterUs;
    this.silentAfterUs = options.silentAfterUs;
    this.matcher = new PayloadMatcher(options.payloadSignatures);
    this.duplicates = new Duplicates(tables.duplicatesMax);
    this.sketches = new Sketches(tables.sketchesMax);
    this.portSets = new PortSets(tables.portPagesMax);
    this.sources = new Sources(tables, this.sketches, this.portSets, options);
    this.targets = new Targets(tables.targetsMax, Math.ceil(tables.contactsMax / 2), this.sketches);
    this.hosts = new Hosts(tables.hostsMax);
    this.signatures = new Signatures(tables.signaturesMax);
    this.flows = new Flows(tables.flowsMax);
    this.pendingUdp = new Flows(PENDING_UDP_MAX);
  }

  /**
   * Takes in one packet of the current epoch. Returns the source that crossed an early count, or
   * NONE.
   */
  observe(packet: Packet): number {
    this.sources.crossed = NONE;
    if (packet.capturedSize < packet.wireSize) this.counts.truncated++;
    this.sourceHome = this.homeNets.contains(packet.src0, packet.src1, packet.src2, packet.src3);
    this.targetHome = this.homeNets.contains(packet.dst0, packet.dst1, packet.dst2, packet.dst3);
    if (!this.sourceHome && !this.targetHome && !this.quotesUs(packet)) {
      this.counts.outside++;
      return NONE;
    }
    if (this.duplicates.isCopy(packet)) {
      this.counts.duplicates++;
      return NONE;
    }
    this.countDirection(packet);
    if ((packet.fragment & Fragment.continuation) !== 0) return NONE;
    switch (packet.transport) {
      case Transport.tcp:
        observeTcp(this, packet);
        break;
      case Transport.udp:
        observeUdp(this, packet);
        break;
      case Transport.icmp:
      case Transport.icmp6:
        observeIcmp(this, packet);
        break;
      case Transport.sctp:
        observeSctp(this, packet);
        break;
      case Transport.other:
        observeOther(this, packet);
        break;
      case Transport.none:
        break;
    }
    return this.sources.crossed;
  }

  /**
   * Whether the answers of protected hosts pass this sensor: without them silence means nothing.
   */
  answersVisible(packet: Packet): boolean {
    return packet.timeUs - this.lastOutboundUs <= OUTBOUND_SILENCE_US;
  }

  /** Whether they have been for long enough that a host in use would have spoken. */
  silenceTells(packet: Packet): boolean {
    return this.answersVisible(packet) && packet.timeUs - this.visibleSinceUs >= this.silentAfterUs;
  }

  /** The packet is a probe of its destination: counts it at source and target. */
  probe(packet: Packet, kind: number, service: number): void {
    this.counts.probes++;
    const touch = this.touch;
    this.address(packet, false);
    touch.service = service;
    touch.offsetUs = this.offsetUs(packet);
    touch.isProbe = true;
    touch.packets = 1;
    touch.kind = kind;
    touch.outcome = this.isDark(packet) ? Outcome.darkTarget : 0;
    if (kind === ProbeKind.syn) {
      touch.signature = this.signatures.of(packet);
      touch.traits = withOwnTraits(packet, this.signatures.lastTraits);
    } else {
      touch.signature = NO_SIGNATURE;
      touch.traits = probeTraits(packet);
    }
    touch.resetId = -1;
    touch.resetOtherClass = false;
    touch.rawSynAck = false;
    touch.ttl = packet.ttl;
    touch.sourcePort = packet.srcPort;
    touch.probe = packet;
    touch.runValue =
      (kind & (ProbeKind.ack | ProbeKind.maimon)) !== 0 ? packet.tcpAck : packet.tcpSeq;
    this.sources.seek(touch);
    // A scanner too wide to list its targets must not fill the table of them either.
    const target = this.sources.isWide ? this.targets.find(touch) : this.targets.of(touch);
    if (target !== NONE) {
      this.targets.probe(target, touch);
      if (this.sources.isNew && this.targets.folds(target, touch)) {
        this.counts.singlesFolded++;
        return;
      }
    }
    this.sources.touch(touch);
  }

  /**
   * The packet tells what came of an earlier probe. `answer`: it goes from the target to the
   * source; otherwise the source itself goes on. `inferred` makes the contact when the probe was
   * not seen.
   */
  outcome(
    packet: Packet,
    answer: boolean,
    service: number,
    outcome: number,
    inferred: boolean,
  ): void {
    this.address(packet, answer);
    this.outcomeOfTouch(packet, service, outcome, inferred ? ProbeKind.inferred : 0, inferred);
  }

  /** The same for a touch whose addresses are set; `kind` is what a new contact starts with. */
  outcomeOfTouch(
    packet: Packet,
    service: number,
    outcome: number,
    kind: number,
    mayCreate: boolean,
  ): void {
    this.aim(packet, service, outcome, kind, mayCreate);
    this.sources.seek(this.touch);
    if (mayCreate && this.isFoldedAway(this.touch)) return;
    this.sources.touch(this.touch);
  }

  /** Makes the touch one that is no probe; its addresses are set. */
  aim(packet: Packet, service: number, outcome: number, kind: number, mayCreate: boolean): void {
    const touch = this.touch;
    touch.service = service;
    touch.offsetUs = this.offsetUs(packet);
    touch.isProbe = false;
    touch.kind = kind;
    touch.mayCreate = mayCreate;
    touch.outcome = outcome;
    touch.traits = 0;
    touch.signature = NO_SIGNATURE;
    touch.ttl = 0;
    touch.sourcePort = 0;
    touch.probe = null;
    touch.keptTuple = 0;
    touch.runValue = 0;
  }

  /** Counts an event at the target of the touch at hand, if it has an entry or gets one. */
  countTarget(counter: number): void {
    const target = this.targets.of(this.touch);
    if (target !== NONE) this.targets.count(target, counter);
  }

  /** Counts something of the protected host that sent the packet at hand. */
  countSpeaker(counter: number): void {
    if (this.speaker !== NONE) this.hosts.count(this.speaker, counter);
  }

  /** Counts something unasked that reached the packet's destination. */
  countUnsolicited(packet: Packet, counter: number): void {
    const host = this.hosts.of(
      packet.tunnelKey,
      packet.dst0,
      packet.dst1,
      packet.dst2,
      packet.dst3,
    );
    if (host !== NONE) this.hosts.count(host, counter);
  }

  /** Points `flows` (or `pendingUdp`) at the packet's conversation. */
  seekFlow(flows: Flows, packet: Packet): void {
    flows.seek(
      packet.src0,
      packet.src1,
      packet.src2,
      packet.src3,
      packet.srcPort,
      packet.dst0,
      packet.dst1,
      packet.dst2,
      packet.dst3,
      packet.dstPort,
      packet.protocol,
      packet.tunnelKey,
    );
  }

  /**
   * Sets the touch's source and target from the packet; `reversed`: the packet goes from target to
   * source.
   */
  address(packet: Packet, reversed: boolean): void {
    const touch = this.touch;
    touch.tunnelKey = packet.tunnelKey;
    if (reversed) {
      touch.s0 = packet.dst0;
      touch.s1 = packet.dst1;
      touch.s2 = packet.dst2;
      touch.s3 = packet.dst3;
      touch.t0 = packet.src0;
      touch.t1 = packet.src1;
      touch.t2 = packet.src2;
      touch.t3 = packet.src3;
    } else {
      touch.s0 = packet.src0;
      touch.s1 = packet.src1;
      touch.s2 = packet.src2;
      touch.s3 = packet.src3;
      touch.t0 = packet.dst0;
      touch.t1 = packet.dst1;
      touch.t2 = packet.dst2;
      touch.t3 = packet.dst3;
    }
    touch.hashAddresses();
  }

  /** A host counted as seen when a probe of it established a connection. */
  countEstablished(packet: Packet, answer: boolean): void {
    this.address(packet, answer);
    this.countTarget(TargetCounter.established);
  }

  /**
   * At the epoch's end, before it is told: folds the sources of a flood of one service that came
   * before it was known for one, too.
   */
  foldEarly(): void {
    const { targets, counts } = this;
    if (!targets.anyFlooded) return;
    const { light } = this.sources;
    for (let number = 0; number < light.index.used; number++) {
      // Who proved its path was not spoofed.
      if (!light.isLive(number) || light.packets[number] === 0) continue;
      if ((light.outcome[number] & Outcome.established) !== 0) continue;
      const target = targets.at(light.index.key[number], light.target, number * 4);
      if (target === NONE || !targets.isFloodedService(target, light.service[number])) continue;
      light.fold(number);
      targets.count(target, TargetCounter.singlesFolded);
      counts.singlesFolded++;
    }
  }

  /** Sets that outgrew their lists and found no room, cumulative. */
  get largeSetsRefused(): number {
    return this.sketches.refused + this.portSets.refused;
  }

  /** Forgets the epoch. Conversations, duplicates and who ever spoke stay. */
  clear(): void {
    this.sources.clear();
    this.targets.clear();
    this.hosts.clear();
    this.signatures.clear();
    this.sketches.clear();
    this.portSets.clear();
  }

  isHome(w0: number, w1: number, w2: number, w3: number): boolean {
    return this.homeNets.contains(w0, w1, w2, w3);
  }

  /** An answer to a source that a flooded target has folded must not give it an entry after all. */
  private isFoldedAway(touch: Touch): boolean {
    if (!this.sources.isNew) return false;
    const target = this.targets.find(touch);
    return target !== NONE && this.targets.isFlooded(target, touch.service);
  }

  /** Whether the touch at hand goes to an address that never spoke while we would have seen it. */
  private isDark(packet: Packet): boolean {
    return (
      this.darkAfterUs > 0 &&
      this.targetHome &&
      this.answersVisible(packet) &&
      packet.timeUs - this.visibleSinceUs >= this.darkAfterUs &&
      !this.hosts.everSpoke(this.touch.targetHash)
    );
  }

  private offsetUs(packet: Packet): number {
    return Math.max(0, packet.timeUs - this.epochStartUs);
  }

  /** A router of ours may answer for a protected host from an address that is not protected. */
  private quotesUs(packet: Packet): boolean {
    return (
      packet.quotedVersion !== 0 &&
      this.isHome(packet.quotedDst0, packet.quotedDst1, packet.quotedDst2, packet.quotedDst3)
    );
  }

  private countDirection(packet: Packet): void {
    if (!this.sourceHome) {
      this.counts.inbound++;
      return;
    }
    if (this.targetHome) this.counts.internal++;
    else {
      this.counts.outbound++;
      if (packet.timeUs - this.lastOutboundUs > BLIND_US) this.visibleSinceUs = packet.timeUs;
      this.lastOutboundUs = packet.timeUs;
    }
    this.speaker = this.hosts.of(
      packet.tunnelKey,
      packet.src0,
      packet.src1,
      packet.src2,
      packet.src3,
    );
    if (this.speaker !== NONE) this.hosts.sent(this.speaker, packet.ipId & 0xffff);
  }
}
