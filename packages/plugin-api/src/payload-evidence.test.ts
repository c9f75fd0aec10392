import { describe, expect, it } from 'vitest';
import type { PayloadObservation } from './batch.js';
import { HELLO_OBSOLETE, HIT_AFTER_WAIT, HIT_SIZE, HitAt } from './batch-layout.js';
import { PayloadEvidence } from './payload-evidence.js';
import { clientHello } from './testkit/client-hello.js';

const SECOND = 1_000_000;
const TARGETS = ['\xc6\x33\x64\x01', '\xc6\x33\x64\x02'];

interface Said {
  code: number;
  target?: number;
  port?: number;
  flags?: number;
  count?: number;
}

function observe(said: Said[], samples: Uint8Array[] = []): PayloadObservation {
  const hits = new Uint8Array(said.length * HIT_SIZE);
  const view = new DataView(hits.buffer);
  said.forEach(({ code, target = 0, port = 80, flags = 0, count = 1 }, index) => {
    const at = index * HIT_SIZE;
    view.setUint32(at + HitAt.code, code, true);
    view.setUint16(at + HitAt.target, target, true);
    view.setUint8(at + HitAt.protocol, 6);
    view.setUint8(at + HitAt.flags, flags);
    view.setUint16(at + HitAt.port, port, true);
    view.setUint16(at + HitAt.times, count, true);
  });
  return { hits, samples: samples.map((bytes) => ({ targetIndex: 0, port: 443, bytes })) };
}

function merged(
  ...epochs: [epochS: number, observation: PayloadObservation, isFinal?: boolean][]
): PayloadEvidence {
  const evidence = new PayloadEvidence();
  for (const [epochS, observation, isFinal = true] of epochs) {
    const at = epochS * SECOND;
    evidence.merge(observation, TARGETS, isFinal, at + 1000, at + 2000);
  }
  return evidence;
}

describe('PayloadEvidence', () => {
  it('keeps what was said to which service, and when', () => {
    const evidence = merged([
      5,
      observe([{ code: 1, target: 1, port: 8080, flags: HIT_AFTER_WAIT }]),
    ]);
    expect(evidence.hits(0)).toMatchObject([
      {
        signature: { id: 1, name: 'GetRequest' },
        target: TARGETS[1],
        port: 8080,
        afterWait: true,
        firstUs: 5 * SECOND + 1000,
        lastUs: 5 * SECOND + 2000,
      },
    ]);
  });

  it('adds up epochs, and takes a later count of one epoch instead of the earlier', () => {
    const early = observe([{ code: 1, count: 2 }]);
    const final = observe([{ code: 1, count: 3, flags: HIT_AFTER_WAIT }]);
    const next = observe([{ code: 1, count: 10 }]);
    const [hit] = merged([0, early, false], [0, final], [1, next]).hits(0);
    expect(hit).toMatchObject({ count: 13, afterWait: true });
  });

  it('does not know a signature that is not listed', () => {
    expect(merged([0, observe([{ code: 0x7fff }])]).hits(0)).toEqual([]);
  });

  it('tells hellos apart by shape and service', () => {
    const shape = 0x80000001;
    const evidence = merged([
      0,
      observe(
        [
          { code: shape, port: 443 },
          { code: shape | HELLO_OBSOLETE, port: 443 },
          { code: shape, port: 8443 },
          { code: shape, port: 443, target: 1 },
        ].map((said) => ({ ...said, code: said.code >>> 0 })),
      ),
    ]);
    expect(evidence.shapeCount).toBe(4);
    expect(evidence.hellos(0).filter((hello) => hello.isObsolete)).toHaveLength(1);
    expect(evidence.hasHits).toBe(false);
  });

  it('fingerprints hellos and names the clients of requests', () => {
    const request = Buffer.from('GET /x HTTP/1.1\r\nUser-Agent: zgrab\r\n\r\n');
    const evidence = merged([0, observe([], [clientHello(), request, Uint8Array.of(1, 2, 3)])]);
    expect(evidence.ja3).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(evidence.ja4).toEqual([expect.stringMatching(/^t12i010000_/)]);
    expect(evidence.userAgents).toEqual(['zgrab']);
    expect(evidence.requests).toEqual(['GET /x HTTP/1.1']);
  });

  it('forgets, and says when nothing is left', () => {
    const evidence = merged([0, observe([{ code: 1 }])], [100, observe([{ code: 2 }])]);
    expect(evidence.expire(50 * SECOND)).toBe(false);
    expect(evidence.hits(0).map(({ signature }) => signature.id)).toEqual([2]);
    expect(evidence.expire(200 * SECOND)).toBe(true);
  });

  it('is bounded, and counts what it leaves out', () => {
    const evidence = new PayloadEvidence();
    for (let epoch = 0; epoch < 8; epoch++) {
      const said = Array.from({ length: 64 }, (_, i) => ({ code: 1, port: epoch * 64 + i }));
      evidence.merge(observe(said), TARGETS, true, 0, 0);
    }
    expect(evidence.hits(0)).toHaveLength(256);
    expect(evidence.takeDropped()).toBe(256);
    expect(evidence.takeDropped()).toBe(0);
  });
});
