/** Floods: many sources with one packet each must not hide the one that scans. */
import { describe, expect, it } from 'vitest';
import { HLL_REGISTERS } from '../../../plugin-api/src/batch-layout.js';
import { Sketch } from '../../../plugin-api/src/sketch.js';
import { TcpFlags } from '../decode/packet.js';
import { nth, SCANNER, SERVER, Scene } from './testkit/scene.js';
import { FOLD_SERVICE_SINGLES, FOLD_TARGET_SINGLES } from './targets.js';

const SPOOFED = '45.0.0.0';
const SYN_ACK = TcpFlags.syn | TcpFlags.ack;

function flood(scene: Scene, count: number, first = 0, port = 80): void {
  for (let i = first; i < first + count; i++) scene.syn(nth(SPOOFED, i), SERVER, port);
}

describe('a spoofed flood of one service', () => {
  it('keeps an entry for every source up to the fold, and none beyond', () => {
    const scene = new Scene();
    flood(scene, FOLD_SERVICE_SINGLES);
    expect(scene.observer.counts.singlesFolded).toBe(0);
    flood(scene, 1000, FOLD_SERVICE_SINGLES);
    expect(scene.observer.counts.singlesFolded).toBe(1000);
    expect(scene.contacts(nth(SPOOFED, FOLD_SERVICE_SINGLES - 1)).length).toBe(1);
    expect(scene.contacts(nth(SPOOFED, FOLD_SERVICE_SINGLES))).toEqual([]);
    expect(scene.targetCount(SERVER, 'singlesFolded')).toBe(1000);
    expect(scene.targetCount(SERVER, 'syns')).toBe(FOLD_SERVICE_SINGLES + 1000);
  });

  it('still counts its sources and names its port', () => {
    const scene = new Scene();
    flood(scene, 4000);
    const target = scene.target(SERVER);
    const sketch = new Sketch();
    sketch.merge(target?.sourceSketch ?? new Uint8Array(HLL_REGISTERS));
    expect(Math.abs(sketch.estimate() / 4000 - 1)).toBeLessThan(0.092);
    expect(target).toMatchObject({ topPort: 80, topPortSyns: 4000 });
  });

  it('gives a folded source no entry when the target answers it', () => {
    const scene = new Scene();
    flood(scene, FOLD_SERVICE_SINGLES + 1);
    const folded = nth(SPOOFED, FOLD_SERVICE_SINGLES);
    scene.answer(SERVER, folded, SYN_ACK, 80);
    expect(scene.contacts(folded)).toEqual([]);
    scene.answer(SERVER, nth(SPOOFED, 0), SYN_ACK, 80);
    expect(scene.contacts(nth(SPOOFED, 0))[0].outcome).toBe(1);
  });

  it('folds those who came before it was one, when the epoch is told', () => {
    const scene = new Scene();
    flood(scene, FOLD_SERVICE_SINGLES + 1000);
    scene.answer(SERVER, nth(SPOOFED, 0), SYN_ACK, 80);
    scene.syn(SCANNER, SERVER, 22);
    scene.observer.foldEarly();
    expect(scene.contacts(nth(SPOOFED, 0))).toEqual([]);
    expect(scene.contact(SCANNER)).toMatchObject({ port: 22 });
    expect(scene.observer.counts.singlesFolded).toBe(FOLD_SERVICE_SINGLES + 1000);
    expect(scene.targetCount(SERVER, 'singlesFolded')).toBe(FOLD_SERVICE_SINGLES + 1000);
  });

  it('folds nobody early who proved its path, and nobody without a flood', () => {
    const scene = new Scene();
    flood(scene, FOLD_SERVICE_SINGLES);
    scene.observer.foldEarly();
    expect(scene.observer.counts.singlesFolded).toBe(0);
    const client = nth(SPOOFED, 1);
    scene.answer(SERVER, client, SYN_ACK, 80, { tcpSeq: 7 });
    scene.tcp(client, SERVER, TcpFlags.ack, { dstPort: 80, tcpAck: 8 });
    flood(scene, 1000, FOLD_SERVICE_SINGLES);
    scene.observer.foldEarly();
    expect(scene.contacts(client).length).toBe(1);
    expect(scene.observer.counts.singlesFolded).toBe(FOLD_SERVICE_SINGLES + 1000 - 1);
  });

  it('does not fold who comes to another port of the target', () => {
    const scene = new Scene();
    flood(scene, 3000);
    scene.syn(SCANNER, SERVER, 22);
    expect(scene.contact(SCANNER)).toMatchObject({ port: 22 });
  });

  it('folds whatever port when the target has more new sources than any service has', () => {
    const scene = new Scene();
    for (let i = 0; i <= FOLD_TARGET_SINGLES; i++) {
      scene.syn(nth(SPOOFED, i), SERVER, 1 + (i % 100));
    }
    expect(scene.observer.counts.singlesFolded).toBe(1);
  });

  it('lets in who comes back for something else, and nobody else', () => {
    const scene = new Scene();
    const hosts = ['198.51.100.10', '198.51.100.11', '198.51.100.12', '198.51.100.13'];
    for (let i = 0; i <= FOLD_SERVICE_SINGLES; i++)
      for (const [at, host] of hosts.entries()) scene.syn(nth(SPOOFED, i * 4 + at), host, 80);
    for (let times = 0; times < 5; times++) scene.syn('203.0.113.7', hosts[0], 80);
    expect(scene.contacts('203.0.113.7')).toEqual([]);
    for (const host of hosts) scene.syn(SCANNER, host, 80);
    expect(scene.contacts(SCANNER)).toHaveLength(3);
  });

  it('keeps every probe of a scanner inside it', () => {
    const scene = new Scene({ lightSourcesMax: 1024 });
    for (let round = 0; round < 60; round++) {
      flood(scene, 100, round * 100);
      scene.syn(SCANNER, nth('198.51.100.100', round), 80);
    }
    const source = scene.source(SCANNER);
    // The light tier is full before the scanner comes again, so that it has to knock.
    expect(source.targets.length / 4).toBeGreaterThanOrEqual(59);
    expect(source.targetSketch).toBeNull();
  });

  it('keeps every probe of a scanner that was there first, though both tiers fill', () => {
    const scene = new Scene({ lightSourcesMax: 256 });
    for (let round = 0; round < 60; round++) {
      scene.syn(SCANNER, nth('198.51.100.100', round), 80);
      flood(scene, 100, round * 100);
    }
    expect(scene.source(SCANNER).targets.length / 4).toBe(60);
    expect(scene.batch().sources.length).toBe(1);
  });
});

describe('targets', () => {
  it('lists its sources exactly up to 256', () => {
    const scene = new Scene();
    flood(scene, 256);
    expect(scene.target(SERVER)?.sources.length).toBe(256 * 4);
    expect(scene.target(SERVER)?.sourceSketch).toBeNull();
    flood(scene, 1, 256);
    expect(scene.target(SERVER)?.sourceSketch).not.toBeNull();
  });

  it('is not worth a line below 64 SYNs', () => {
    const scene = new Scene();
    flood(scene, 63);
    expect(scene.target(SERVER)).toBeUndefined();
    flood(scene, 1, 63);
    expect(scene.target(SERVER)).toBeDefined();
  });

  it('names the port that has the majority, whatever came first', () => {
    const scene = new Scene();
    flood(scene, 20, 0, 25);
    flood(scene, 100, 20, 443);
    expect(scene.target(SERVER)?.topPort).toBe(443);
  });
});
