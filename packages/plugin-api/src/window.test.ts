import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Origin, SourceObservation } from './batch.js';
import {
  CONTACT_SIZE,
  ContactAt,
  FIND_SIZE,
  FindAt,
  Outcome,
  ProbeKind,
  SourceCounter,
} from './batch-layout.js';
import { summarize } from './summary.js';
import { type Count, latin1 } from './contact.js';
import { CONTACTS_MAX } from './contact-list.js';
import { SourceWindow } from './window.js';

const SECOND = 1_000_000;
const SOURCE = Uint8Array.from([203, 0, 113, 9]);

interface Touched {
  target: number;
  port: number;
  kinds?: number;
  outcome?: number;
  packets?: number;
  protocol?: number;
}

/** One epoch's observation with the given contacts; targets are 198.51.x.y by number. */
function observe(touched: Touched[]): SourceObservation {
  const targets = [...new Set(touched.map((t) => t.target))];
  const contacts = new Uint8Array(touched.length * CONTACT_SIZE);
  const view = new DataView(contacts.buffer);
  touched.forEach((t, i) => {
    const at = i * CONTACT_SIZE;
    view.setUint16(at + ContactAt.target, targets.indexOf(t.target), true);
    view.setUint8(at + ContactAt.protocol, t.protocol ?? 6);
    view.setUint16(at + ContactAt.port, t.port, true);
    view.setUint16(at + ContactAt.kinds, t.kinds ?? ProbeKind.syn, true);
    view.setUint16(at + ContactAt.outcome, t.outcome ?? 0, true);
    view.setUint16(at + ContactAt.packets, t.packets ?? 1, true);
  });
  const counters = new Array<number>(Object.keys(SourceCounter).length).fill(0);
  counters[SourceCounter.syn] = touched.length;
  return {
    tunnelKey: 0,
    address: SOURCE,
    firstUs: 0,
    lastUs: 0,
    counters,
    signatures: [],
    targets: Uint8Array.from(targets.flatMap((t) => [198, 51, t >> 8, t & 0xff])),
    contacts,
    targetSketch: null,
    pairSketch: null,
    ports: null,
    deep: [],
    hits: new Uint8Array(0),
    samples: [],
    finds: new Uint8Array(0),
    findsMissed: 0,
    runKey: 0,
    ttlMin: 0,
    ttlMax: 0,
    sourcePortMin: 0,
    sourcePortMax: 0,
    traits: 0,
  };
}

const sweep = (from: number, count: number): Touched[] =>
  Array.from({ length: count }, (_, i) => ({ target: from + i, port: 443 }));
const open = () => new SourceWindow(0, latin1(SOURCE, 0, 4), 60 * SECOND, 600 * SECOND);
const at = (epochStartUs: number, more: Partial<Origin> = {}): Origin => ({
  sensor: 'a',
  final: true,
  epochStartUs,
  signatures: [],
  ...more,
});

const epochReport = fc.record({
  sensor: fc.constantFrom('a', 'b'),
  pause: fc.constantFrom(0, 1, 5, 70),
  epoch: fc.constantFrom(0, 0, 1),
  count: fc.nat(3),
});

describe('SourceWindow', () => {
  it('counts distinct targets over epochs, each once', () => {
    const window = open();
    window.merge(observe(sweep(0, 60)), at(0));
    window.merge(observe(sweep(30, 69)), at(5 * SECOND));
    expect(summarize(window, 60, 6 * SECOND, true).targetCount).toEqual({ count: 99, exact: true });
  });

  it('forgets targets older than the window', () => {
    const window = open();
    window.merge(observe(sweep(0, 60)), at(5 * SECOND));
    window.merge(observe(sweep(1000, 60)), at(70 * SECOND));
    expect(summarize(window, 60, 71 * SECOND, true).targetCount.count).toBe(60);
  });

  it('takes the final observation of an epoch instead of the early one', () => {
    const window = open();
    window.merge(observe([{ target: 1, port: 80, packets: 2 }]), at(0, { final: false }));
    window.merge(observe([{ target: 1, port: 80, packets: 3, outcome: Outcome.open }]), at(0));
    window.merge(observe([{ target: 1, port: 80, packets: 1 }]), at(SECOND));
    const [contact] = window.contacts.values();
    expect(contact.packets).toBe(4);
    expect(contact.outcome).toBe(Outcome.open);
    expect(window.counter(SourceCounter.syn)).toBe(2);
  });

  it('adds up what several sensors saw in one epoch, each target once', () => {
    const window = open();
    window.merge(observe(sweep(0, 60)), at(0, { final: false }));
    window.merge(observe(sweep(30, 60)), at(0, { sensor: 'b' }));
    window.merge(observe(sweep(0, 70)), at(0));
    expect(window.counter(SourceCounter.syn)).toBe(130);
    expect(summarize(window, 60, SECOND, true).targetCount).toEqual({ count: 90, exact: true });
    const packets = [...window.contacts.values()].map((contact) => contact.packets);
    expect(packets.reduce((sum, count) => sum + count, 0)).toBe(130);
  });

  it('names the targets with many listed contacts, before and after its list has been full', () => {
    const ports = (target: number, count: number): Touched[] =>
      Array.from({ length: count }, (_, port) => ({ target, port }));
    const target = (number: number) => String.fromCharCode(198, 51, number >> 8, number & 0xff);
    const window = open();
    window.merge(observe([...ports(1, 60), ...ports(2, 59), ...ports(3, 61)]), at(0));
    expect(window.targetsWith(60)).toEqual([target(1), target(3)]);
    expect(window.targetsWith(62)).toEqual([]);
    for (let epoch = 0; epoch < 4; epoch++)
      window.merge(observe(sweep(1000 + epoch * 256, 256)), at(epoch * SECOND));
    expect(window.contacts.size).toBe(CONTACTS_MAX);
    expect(window.targetsWith(60)).toEqual([target(1), target(3)]);
    expect(window.hasUnlistedPorts(target(3))).toBe(false);
    expect(window.hasUnlistedPorts(target(1000 + CONTACTS_MAX - 180))).toBe(true);
  });

  it('is exact up to its bound and says so when it is not', () => {
    const window = open();
    for (let epoch = 0; epoch < 4; epoch++)
      window.merge(observe(sweep(epoch * 256, 256)), at(epoch * SECOND));
    expect(summarize(window, 60, 5 * SECOND, true).targetCount).toEqual({
      count: CONTACTS_MAX,
      exact: true,
    });
    window.merge(observe(sweep(5000, 200)), at(4 * SECOND));
    const { count, exact } = summarize(window, 60, 5 * SECOND, true).targetCount;
    expect(exact).toBe(false);
    expect(Math.abs(count - 1224) / 1224).toBeLessThan(0.08);
  });

  it('makes room from expired contacts before it estimates', () => {
    const window = open();
    for (let epoch = 0; epoch < 4; epoch++)
      window.merge(observe(sweep(epoch * 256, 256)), at(epoch * SECOND));
    window.merge(observe(sweep(9000, 100)), at(100 * SECOND));
    expect(summarize(window, 60, 101 * SECOND, true).targetCount).toEqual({
      count: 100,
      exact: true,
    });
  });

  it('tells served, failed and pending contacts apart', () => {
    const window = open();
    window.merge(
      observe([
        { target: 1, port: 80, outcome: Outcome.open | Outcome.established | Outcome.targetData },
        { target: 2, port: 80, outcome: Outcome.closed },
        { target: 3, port: 80 },
        { target: 4, port: 80, kinds: 0, outcome: Outcome.backscatterSynAck },
        { target: 5, port: 4000, kinds: ProbeKind.udp, protocol: 17, packets: 50 },
      ]),
      at(0),
    );
    const young = summarize(window, 60, SECOND / 2, false);
    expect([young.served, young.failed, young.pending, young.unsolicited.length]).toEqual([
      1, 1, 1, 1,
    ]);
    const old = summarize(window, 60, 3 * SECOND, false);
    expect([old.served, old.failed, old.pending]).toEqual([1, 2, 0]);
  });

  it('is empty after its horizon', () => {
    const window = open();
    window.merge(observe(sweep(0, 10)), at(0));
    expect(window.expire(30 * SECOND)).toBe(false);
    expect(window.expire(61 * SECOND)).toBe(true);
  });
});

describe('SourceWindow beyond its bound', () => {
  /** 256 targets by 8 ports in the first second: half of the pairs are not listed. */
  function overflowed(): SourceWindow {
    const window = open();
    for (let port = 0; port < 8; port++) {
      const block = sweep(0, 256).map(({ target }) => ({ target, port: 1000 + port }));
      window.merge(observe(block), at(0));
    }
    return window;
  }
  const pairsAt = (window: SourceWindow, nowUs: number): Count => {
    window.slide(nowUs);
    return summarize(window, 60, nowUs, true).pairCount;
  };

  it('counts in sketches no longer than in lists', () => {
    const window = overflowed();
    window.merge(observe([{ target: 1, port: 9999 }]), at(5 * SECOND));
    expect(pairsAt(window, 6 * SECOND).count).toBeGreaterThan(1900);
    // The bucket is no longer all inside: what is listed is less than there was, and says so.
    expect(pairsAt(window, 60 * SECOND + 1)).toEqual({ count: 0, exact: false });
    expect(pairsAt(window, 65 * SECOND + 1)).toEqual({ count: 0, exact: true });
  });

  it('says when a scan was last seen, not when its list was full', () => {
    const window = overflowed();
    const late = sweep(0, 256).map(({ target }) => ({ target, port: 2000 }));
    window.merge({ ...observe(late), lastUs: 900_000 }, at(20 * SECOND));
    expect(summarize(window, 60, 21 * SECOND, true).lastSeenUs).toBeGreaterThanOrEqual(20 * SECOND);
    expect(window.unlistedLastUs()).toBe(20 * SECOND);
    const sketched = { ...observe([]), lastUs: 700_000, pairSketch: new Uint8Array(4096) };
    window.merge(sketched, at(30 * SECOND));
    expect(summarize(window, 60, 31 * SECOND, true).lastSeenUs).toBe(30 * SECOND + 700_000);
    // Of a host whose ports were all listed it is known better.
    expect(window.unlistedLastUs(String.fromCharCode(198, 51, 99, 1))).toBe(0);
    window.slide(200 * SECOND);
    expect(window.unlistedLastUs()).toBe(0);
  });

  it('does not count the pairs of long ago when a single packet comes', () => {
    const window = overflowed();
    window.merge(observe([{ target: 1, port: 80 }]), at(180 * SECOND));
    expect(pairsAt(window, 181 * SECOND)).toEqual({ count: 1, exact: true });
    expect(window.counter(SourceCounter.syn)).toBe(1);
  });

  it('keeps the targets exact when only the pairs are too many', () => {
    const window = open();
    for (let epoch = 0; epoch < 5; epoch++) {
      const block = sweep(0, 200).map(({ target }) => ({ target, port: 1000 + epoch * 2 }));
      window.merge(observe(block), at(epoch * SECOND));
      window.merge(
        observe(block.map(({ target }) => ({ target, port: 1001 + epoch * 2 }))),
        at(epoch * SECOND + 1),
      );
    }
    const { targetCount, pairCount } = summarize(window, 60, 6 * SECOND, true);
    expect(targetCount).toEqual({ count: 200, exact: true });
    expect(pairCount.exact).toBe(false);
  });

  it('keeps the open services that its list has no room for, until they are told', () => {
    const window = open();
    const blockOf = (port: number, outcome = 0) =>
      sweep(0, 256).map(({ target }) => ({ target, port, outcome }));
    for (let port = 0; port < 4; port++) window.merge(observe(blockOf(1000 + port)), at(0));
    expect(window.finds).toBeNull();
    window.merge(observe(blockOf(2000, Outcome.open).slice(0, 3)), at(SECOND));
    window.merge(observe(blockOf(2001, Outcome.closed)), at(SECOND));
    const noted = new Uint8Array(2 * FIND_SIZE);
    const view = new DataView(noted.buffer);
    for (const [index, target] of [0, 9].entries()) {
      noted.set([198, 51, 0, target], index * FIND_SIZE + FindAt.target + 12);
      view.setUint8(index * FIND_SIZE + FindAt.protocol, 6);
      view.setUint16(index * FIND_SIZE + FindAt.port, 2000, true);
    }
    window.merge({ ...observe([]), finds: noted }, at(SECOND));
    const hosts = window.finds?.untold().map(({ target, port }) => [target.charCodeAt(3), port]);
    expect(hosts).toEqual([0, 1, 2, 9].map((host) => [host, 2000]));
    expect(window.finds?.isIncomplete).toBe(false);
    window.finds?.forget();
    window.merge({ ...observe([]), findsMissed: 1 }, at(2 * SECOND));
    expect(window.finds?.untold()).toEqual([]);
    expect(window.finds?.isIncomplete).toBe(true);
  });

  it('counts targets whose contacts found no room in the observation', () => {
    const observation = observe(sweep(0, 90));
    const all = Array.from({ length: 128 }, (_, host) => [198, 51, host >> 8, host & 0xff]);
    const window = open();
    window.merge({ ...observation, targets: Uint8Array.from(all.flat()) }, at(0));
    const { count, exact } = summarize(window, 60, SECOND, false).targetCount;
    expect(count).toBeGreaterThanOrEqual(120);
    expect(count).toBeLessThanOrEqual(136);
    expect(exact).toBe(false);
  });

  it('sums the counters of the last minute, and of all time', () => {
    fc.assert(
      fc.property(fc.array(epochReport, { maxLength: 200, size: 'max' }), (reports) => {
        const window = open();
        // The last report of each sensor and epoch is what counts.
        const syns = new Map<string, [epoch: number, syns: number]>();
        let nowUs = 0;
        for (const { sensor, pause, epoch: back, count } of reports) {
          nowUs += pause * SECOND;
          const epochStartUs = Math.max(0, nowUs - back * SECOND);
          window.merge(observe(sweep(0, count)), at(epochStartUs, { sensor }));
          window.slide(nowUs);
          syns.set(`${sensor} ${epochStartUs}`, [epochStartUs, count]);
        }
        const all = [...syns.values()];
        const recent = all.filter(([startUs]) => startUs >= nowUs - 60 * SECOND);
        const sumOf = (some: typeof all) => some.reduce((sum, [, count]) => sum + count, 0);
        expect(window.total(SourceCounter.syn)).toBe(sumOf(all));
        expect(window.counter(SourceCounter.syn)).toBe(sumOf(recent));
        expect(window.counter(SourceCounter.fin)).toBe(0);
      }),
    );
  });

  it('lets an epoch that was reported late leave the minute in its turn', () => {
    const window = open();
    window.merge(observe(sweep(0, 1)), at(5 * SECOND));
    window.merge(observe(sweep(1, 2)), at(4 * SECOND, { sensor: 'b' }));
    window.slide(64 * SECOND + 1);
    expect(window.counter(SourceCounter.syn)).toBe(1);
    expect(window.total(SourceCounter.syn)).toBe(3);
  });
});
