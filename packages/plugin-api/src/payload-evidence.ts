/**
 * What a source said to services inside its window: known payloads, the shapes of its TLS hellos,
 * and the clients it showed itself as. Bounded; each piece keeps when it was last heard, and goes
 * with the window's horizon. Most sources never say anything known and have none of this.
 */
import type { PayloadObservation, PayloadSample } from './batch.js';
import { HELLO_OBSOLETE, HIT_AFTER_WAIT, HIT_SIZE, HitAt } from './batch-layout.js';
import { ja3, ja4, readClientHello } from './client-hello.js';
import { readHttpRequest } from './http-request.js';
import { PAYLOAD_SIGNATURES, type PayloadSignature } from './payload-signatures.js';

const HITS_MAX = 256;
const HELLOS_MAX = 256;
const CLIENTS_MAX = 16;
/** About what each takes in memory, of the first two and of the last. */
const PAYLOAD_BYTES = 256;
const CLIENT_BYTES = 192;

/** A known payload that a source sent to one service. `target` is a latin1 address. */
export interface PayloadHit {
  signature: PayloadSignature;
  target: string;
  protocol: number;
  port: number;
  count: number;
  /** It opened a connection that had been silent for four seconds and more. */
  afterWait: boolean;
  firstUs: number;
  lastUs: number;
}

/** A TLS hello's version and cipher suites, hashed, as sent to one service. */
export interface HelloShape {
  code: number;
  target: string;
  port: number;
  /** Less than TLS 1.2 is offered. */
  isObsolete: boolean;
  firstUs: number;
  lastUs: number;
}

/** An early count is superseded by its epoch's final one: `countBefore` is of finished epochs. */
interface Counted {
  hit: PayloadHit;
  countBefore: number;
}

const SIGNATURE_OF: ReadonlyMap<number, PayloadSignature> = new Map(
  PAYLOAD_SIGNATURES.map((signature) => [signature.id, signature]),
);

/** What was heard when: the latest `max`, oldest dropped first. */
export class Recent {
  private readonly lastUs = new Map<string, number>();

  constructor(private readonly max: number) {}

  add(name: string, atUs: number): void {
    this.lastUs.delete(name);
    this.lastUs.set(name, atUs);
    if (this.lastUs.size > this.max) this.lastUs.delete(this.lastUs.keys().next().value as string);
  }

  expire(oldestUs: number): void {
    for (const [name, atUs] of this.lastUs) if (atUs < oldestUs) this.lastUs.delete(name);
  }

  names(): string[] {
    return [...this.lastUs.keys()];
  }

  get size(): number {
    return this.lastUs.size;
  }
}

export class PayloadEvidence {
  private readonly counted = new Map<string, Counted>();
  private readonly shapes = new Map<string, HelloShape>();
  private readonly ja3Seen = new Recent(CLIENTS_MAX);
  private readonly ja4Seen = new Recent(CLIENTS_MAX);
  private readonly userAgentsSeen = new Recent(CLIENTS_MAX);
  private readonly requestsSeen = new Recent(CLIENTS_MAX);
  /** Hits and shapes that found no room; whoever counts them takes them. */
  private dropped = 0;

  /**
   * `names` are the observation's targets; times are microseconds of packet time. `isFinal` as
   * `Batch.final`.
   */
  merge(
    { hits, samples }: PayloadObservation,
    names: readonly string[],
    isFinal: boolean,
    firstUs: number,
    lastUs: number,
  ): void {
    const view = new DataView(hits.buffer, hits.byteOffset, hits.byteLength);
    for (let at = 0; at < hits.length; at += HIT_SIZE) {
      const code = view.getUint32(at + HitAt.code, true);
      const where = {
        target: names[view.getUint16(at + HitAt.target, true)],
        protocol: view.getUint8(at + HitAt.protocol),
        port: view.getUint16(at + HitAt.port, true),
        firstUs,
        lastUs,
      };
      const afterWait = (view.getUint8(at + HitAt.flags) & HIT_AFTER_WAIT) !== 0;
      const count = view.getUint16(at + HitAt.times, true);
      if (code >= 2 ** 31) this.mergeShape({ code, isObsolete: isObsolete(code), ...where });
      else this.mergeHit(code, { count, afterWait, ...where }, isFinal);
    }
    for (const sample of samples) this.mergeSample(sample, lastUs);
  }

  /** Forgets what was last heard before `oldestUs`. True when nothing is left. */
  expire(oldestUs: number): boolean {
    for (const [key, { hit }] of this.counted) {
      if (hit.lastUs < oldestUs) this.counted.delete(key);
    }
    for (const [key, shape] of this.shapes) if (shape.lastUs < oldestUs) this.shapes.delete(key);
    for (const recent of [this.ja3Seen, this.ja4Seen, this.userAgentsSeen, this.requestsSeen]) {
      recent.expire(oldestUs);
    }
    return this.counted.size === 0 && this.shapes.size === 0;
  }

  /** About what it takes in memory. */
  get bytes(): number {
    const clients = [this.ja3Seen, this.ja4Seen, this.userAgentsSeen, this.requestsSeen];
    const named = clients.reduce((sum, { size }) => sum + size, 0);
    return (this.counted.size + this.shapes.size) * PAYLOAD_BYTES + named * CLIENT_BYTES;
  }

  /** Forgets hits and shapes, first heard first, until it takes at most `limitBytes`. */
  shrink(limitBytes: number): void {
    for (const from of [this.shapes, this.counted])
      for (const key of from.keys()) {
        if (this.bytes <= limitBytes) return;
        from.delete(key);
        this.dropped++;
      }
  }

  /** Hits and shapes dropped since this was asked. */
  takeDropped(): number {
    const { dropped } = this;
    this.dropped = 0;
    return dropped;
  }

  /** Whether any known payload is remembered. */
  get hasHits(): boolean {
    return this.counted.size > 0;
  }

  /** How many hello shapes are remembered, over all services. */
  get shapeCount(): number {
    return this.shapes.size;
  }

  hits(sinceUs: number): PayloadHit[] {
    return [...this.counted.values()].map(({ hit }) => hit).filter((hit) => hit.lastUs >= sinceUs);
  }

  hellos(sinceUs: number): HelloShape[] {
    return [...this.shapes.values()].filter((shape) => shape.lastUs >= sinceUs);
  }

  /** Fingerprints of its TLS hellos and names of its HTTP clients, latest last. */
  get ja3(): string[] {
    return this.ja3Seen.names();
  }

  get ja4(): string[] {
    return this.ja4Seen.names();
  }

  get userAgents(): string[] {
    return this.userAgentsSeen.names();
  }

  /** Request lines, printable. */
  get requests(): string[] {
    return this.requestsSeen.names();
  }

  private mergeHit(code: number, fresh: Omit<PayloadHit, 'signature'>, isFinal: boolean): void {
    const signature = SIGNATURE_OF.get(code);
    if (signature === undefined) return;
    const key = keyOf(code, fresh);
    const known = this.counted.get(key);
    if (known === undefined) {
      if (this.counted.size >= HITS_MAX) this.dropped++;
      else {
        const hit = { signature, ...fresh };
        this.counted.set(key, { hit, countBefore: isFinal ? fresh.count : 0 });
      }
      return;
    }
    known.hit.count = known.countBefore + fresh.count;
    if (isFinal) known.countBefore = known.hit.count;
    known.hit.afterWait ||= fresh.afterWait;
    known.hit.lastUs = Math.max(known.hit.lastUs, fresh.lastUs);
  }

  private mergeShape(fresh: HelloShape & { protocol: number }): void {
    const key = keyOf(fresh.code, fresh);
    const known = this.shapes.get(key);
    if (known !== undefined) known.lastUs = Math.max(known.lastUs, fresh.lastUs);
    else if (this.shapes.size < HELLOS_MAX) this.shapes.set(key, fresh);
    else this.dropped++;
  }

  private mergeSample({ bytes }: PayloadSample, lastUs: number): void {
    const hello = readClientHello(bytes);
    if (hello !== null) {
      this.ja3Seen.add(ja3(hello), lastUs);
      this.ja4Seen.add(ja4(hello), lastUs);
      return;
    }
    const request = readHttpRequest(bytes);
    if (request === null) return;
    this.requestsSeen.add(request.line, lastUs);
    if (request.userAgent !== null) this.userAgentsSeen.add(request.userAgent, lastUs);
  }
}

function isObsolete(code: number): boolean {
  return (code & HELLO_OBSOLETE) !== 0;
}

function keyOf(code: number, where: { target: string; protocol: number; port: number }): string {
  return where.target + String.fromCharCode(code >>> 16, code & 0xffff, where.protocol, where.port);
}
