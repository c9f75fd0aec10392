/**
 * An observer with 198.51.100.0/24 and 2001:db8:100::/64 as home networks, packets made by hand,
 * and what it says of them read back from its batch, as the judging side would.
 */
import {
  CONTACT_SIZE,
  ContactAt,
  HostCounter,
  SINGLE_SIZE,
  SingleAt,
  SourceCounter,
  TargetCounter,
} from '../../../../plugin-api/src/batch-layout.js';
import {
  type Batch,
  decodeBatch,
  type SourceObservation,
  type TargetObservation,
} from '../../../../plugin-api/src/batch.js';
import { BatchEncoder, COVERAGE_FIELDS } from '../../batch/encode.js';
import { Packet, TcpFlags, Transport } from '../../decode/packet.js';
import { parseHomeNet } from '../../home-net-text.js';
import { DEFAULT_OPTIONS, type ObserverTables } from '../../options.js';
import { NONE } from '../address-index.js';
import { Observer } from '../observer.js';

export const EPOCH_START_US = 1_795_000_000_000_000;
export const SCANNER = '203.0.113.5';
export const SERVER = '198.51.100.10';

/** Small enough to make one for every test, large enough for it. */
const TABLES: ObserverTables = {
  sourcesMax: 512,
  lightSourcesMax: 16_384,
  targetsMax: 1024,
  hostsMax: 256,
  contactsMax: 8192,
  sketchesMax: 64,
  portPagesMax: 64,
  flowsMax: 1024,
  fragmentsMax: 16,
  duplicatesMax: 64,
  signaturesMax: 64,
  singlesEmittedMax: 16_384,
};

export interface Contact {
  target: string;
  protocol: number;
  port: number;
  ttl: number;
  kinds: number;
  outcome: number;
  packets: number;
}

export class Scene {
  readonly observer: Observer;
  /** Time of the next packet; each takes a millisecond. */
  nowUs = EPOCH_START_US;
  /** Sources that crossed an early count, in order. */
  readonly crossed: number[] = [];
  private ipId = 1;
  private readonly encoder: BatchEncoder;

  constructor(tables: Partial<ObserverTables> = {}, silentAfterUs = 0) {
    const options = { ...DEFAULT_OPTIONS, silentAfterUs, tables: { ...TABLES, ...tables } };
    const homeNets = ['198.51.100.0/24', '2001:db8:100::/64'].map(parseHomeNet);
    this.observer = new Observer(options, homeNets);
    this.observer.epochStartUs = EPOCH_START_US;
    const { signaturesMax, singlesEmittedMax } = options.tables;
    this.encoder = new BatchEncoder(this.observer, signaturesMax, singlesEmittedMax, 1);
  }

  /** Observes a packet. Every IP ID is new unless `fields` names one. */
  send(fields: Partial<Packet>): void {
    const packet = Object.assign(new Packet(), { timeUs: this.nowUs, ipId: this.ipId }, fields);
    this.nowUs += 1000;
    this.ipId = (this.ipId + 1) & 0xffff;
    const crossed = this.observer.observe(packet);
    if (crossed !== NONE) this.crossed.push(crossed);
  }

  tcp(from: string, to: string, flags: number, fields: Partial<Packet> = {}): void {
    this.send({ ...tcpPacket(from, to, flags), ...fields });
  }

  syn(from: string, to: string, port: number, fields: Partial<Packet> = {}): void {
    this.tcp(from, to, TcpFlags.syn, { dstPort: port, ...fields });
  }

  udp(from: string, to: string, fields: Partial<Packet> = {}): void {
    const ports = { srcPort: 40_000, dstPort: 53 };
    this.send({ ...ipPacket(from, to, 17), transport: Transport.udp, ...ports, ...fields });
  }

  icmp(from: string, to: string, type: number, fields: Partial<Packet> = {}): void {
    this.send({ ...ipPacket(from, to, 1), transport: Transport.icmp, icmpType: type, ...fields });
  }

  /** The answer of a packet's target: ports and addresses the other way round. */
  answer(
    from: string,
    to: string,
    flags: number,
    port: number,
    fields: Partial<Packet> = {},
  ): void {
    this.tcp(from, to, flags, { srcPort: port, dstPort: 40_000, ...fields });
  }

  /** A packet of ours to somebody, so that answers count as visible. */
  speak(host: string = SERVER): void {
    this.udp(host, '192.0.2.200', { srcPort: 40_123, dstPort: 123 });
  }

  batch(): Batch {
    this.observer.sources.tallies.settle();
    this.encoder.gather();
    const coverage = new Float64Array(COVERAGE_FIELDS);
    const frame = { sensor: 'test', epochStartUs: EPOCH_START_US, epochUs: 1_000_000, coverage };
    return decodeBatch(this.encoder.final(frame, 0, 0));
  }

  /** The source with full state. @throws Error when it has none */
  source(address: string): SourceObservation {
    const found = this.batch().sources.find((source) => text(source.address) === address);
    if (!found) throw new Error(`${address} has no full state`);
    return found;
  }

  target(address: string): TargetObservation | undefined {
    return this.batch().targets.find((target) => text(target.address) === address);
  }

  /** Every contact of a source, in either tier. */
  contacts(address: string): Contact[] {
    const batch = this.batch();
    const source = batch.sources.find((entry) => text(entry.address) === address);
    return source ? contactsOf(source) : singlesOf(batch, address);
  }

  /** The only contact of a source. @throws Error when there is another number of them */
  contact(address: string): Contact {
    const contacts = this.contacts(address);
    if (contacts.length !== 1) throw new Error(`${address} has ${contacts.length} contacts`);
    return contacts[0];
  }

  sourceCount(address: string, counter: keyof typeof SourceCounter): number {
    return this.source(address).counters[SourceCounter[counter]];
  }

  targetCount(address: string, counter: keyof typeof TargetCounter): number {
    const { targets } = this.observer;
    const touch = this.observer.touch;
    this.observer.address(Object.assign(new Packet(), ipPacket(SCANNER, address, 6)), false);
    const target = targets.find(touch);
    const size = Object.keys(TargetCounter).length;
    return target === NONE ? 0 : targets.counters[target * size + TargetCounter[counter]];
  }

  hostCount(address: string, counter: keyof typeof HostCounter): number {
    const host = this.batch().hosts.find((entry) => text(entry.address) === address);
    return host ? host.counters[HostCounter[counter]] : 0;
  }
}

export function ipPacket(from: string, to: string, protocol: number): Partial<Packet> {
  const source = parseHomeNet(from).words;
  const target = parseHomeNet(to).words;
  const [src0, src1, src2, src3] = source;
  const [dst0, dst1, dst2, dst3] = target;
  const ipVersion = from.includes(':') ? 6 : 4;
  const sizes = { capturedSize: 60, wireSize: 60, ipSize: 40 };
  const addresses = { src0, src1, src2, src3, dst0, dst1, dst2, dst3 };
  return { ...addresses, ...sizes, ipVersion, protocol, ttl: 50 };
}

export function tcpPacket(from: string, to: string, flags: number): Partial<Packet> {
  const ports = { srcPort: 40_000, dstPort: 80 };
  const header = { tcpFlags: flags, tcpSeq: 1000, tcpWindow: 1024 };
  return { ...ipPacket(from, to, 6), transport: Transport.tcp, ...ports, ...header };
}

/** The address `index` places after `first`, IPv4. */
export function nth(first: string, index: number): string {
  const value = (parseHomeNet(first).words[3] >>> 0) + index;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

function contactsOf(source: SourceObservation): Contact[] {
  const view = viewOf(source.contacts);
  const size = source.address.length;
  return Array.from({ length: source.contacts.length / CONTACT_SIZE }, (_, index) => {
    const at = index * CONTACT_SIZE;
    const target = view.getUint16(at + ContactAt.target, true) * size;
    return {
      target: text(source.targets.subarray(target, target + size)),
      protocol: view.getUint8(at + ContactAt.protocol),
      ttl: view.getUint8(at + ContactAt.ttl),
      port: view.getUint16(at + ContactAt.port, true),
      kinds: view.getUint16(at + ContactAt.kinds, true),
      outcome: view.getUint16(at + ContactAt.outcome, true),
      packets: view.getUint16(at + ContactAt.packets, true),
    };
  });
}

function singlesOf(batch: Batch, address: string): Contact[] {
  const view = viewOf(batch.singles);
  const found: Contact[] = [];
  for (let at = 0; at < batch.singles.length; at += SINGLE_SIZE) {
    if (mapped(batch.singles, at + SingleAt.source) !== address) continue;
    found.push({
      target: mapped(batch.singles, at + SingleAt.target),
      protocol: view.getUint8(at + SingleAt.protocol),
      ttl: view.getUint8(at + SingleAt.ttl),
      port: view.getUint16(at + SingleAt.port, true),
      kinds: view.getUint16(at + SingleAt.kinds, true),
      outcome: view.getUint16(at + SingleAt.outcome, true),
      packets: view.getUint16(at + SingleAt.packets, true),
    });
  }
  return found;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Sixteen bytes that may be a mapped IPv4 address. */
function mapped(bytes: Uint8Array, at: number): string {
  const isV4 = bytes.subarray(at, at + 10).every((byte) => byte === 0) && bytes[at + 10] === 0xff;
  return text(bytes.subarray(isV4 ? at + 12 : at, at + 16));
}

/** Four bytes dotted, sixteen as hex. */
function text(address: Uint8Array): string {
  return address.length === 4 ? address.join('.') : Buffer.from(address).toString('hex');
}
