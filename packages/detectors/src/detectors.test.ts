import { describe, expect, it } from 'vitest';
import {
  type Circumstances,
  type Contact,
  Outcome,
  ProbeKind,
  type SourceDetector,
  SourceWindow,
  summarize,
} from '../../plugin-api/src/index.js';
import { addressScan } from './address-scan.js';
import { backscatter } from './backscatter.js';
import { fanOut } from './fan-out.js';
import { honeyport } from './honeyport.js';
import { portScan } from './port-scan.js';
import { randomScan } from './random-scan.js';
import { stealthScan } from './stealth-scan.js';

const SECOND = 1_000_000;
const LATER: Circumstances = { nowUs: 30 * SECOND, atEnd: false, answersVisible: true };

/** A contact with target 198.51.x.y by number. */
function contact(target: number, port: number, over: Partial<Contact> = {}): Contact {
  return {
    target: String.fromCharCode(198, 51, target >> 8, target & 0xff),
    protocol: 6,
    port,
    kinds: ProbeKind.syn,
    outcome: 0,
    packets: 1,
    firstUs: SECOND,
    lastUs: SECOND,
    ttl: 60,
    tuple: 1,
    packetsBefore: 0,
    remembered: 0,
    ...over,
  };
}

function judge<Config>(
  detector: SourceDetector<Config>,
  contacts: Contact[],
  circumstances = LATER,
  settings: Record<string, unknown> = {},
) {
  const window = new SourceWindow(
    0,
    String.fromCharCode(203, 0, 113, 9),
    3600 * SECOND,
    600 * SECOND,
  );
  // A detector must not mind two of the same service.
  const listed = window.contacts as Map<string, Contact>;
  contacts.forEach((c, at) => {
    listed.set(`${c.target}${c.port}${c.protocol}${at}`, c);
  });
  const config = detector.config.parse(settings);
  const summary = summarize(window, 60, circumstances.nowUs, circumstances.atEnd);
  return detector.judge(summary, window, config, circumstances);
}

const SERVED = Outcome.open | Outcome.established | Outcome.sourceData | Outcome.targetData;
const hosts = (count: number, over: Partial<Contact> = {}) =>
  Array.from({ length: count }, (_, i) => contact(i, 443, over));
const ports = (count: number, over: Partial<Contact> = {}) =>
  Array.from({ length: count }, (_, i) => contact(1, 1000 + i, over));

describe('address_scan', () => {
  it('fires at the hundredth target and not at the ninety-ninth', () => {
    expect(judge(addressScan, hosts(99)).verdicts).toEqual([]);
    expect(judge(addressScan, hosts(100)).verdicts[0]).toMatchObject({ count: 100, exact: true });
  });

  it('leaves a client whose connections are served to fan_out', () => {
    const contacts = hosts(150, { outcome: SERVED });
    expect(judge(addressScan, contacts).verdicts).toEqual([]);
    expect(judge(fanOut, contacts).verdicts[0]).toMatchObject({ kind: 'fan_out', count: 150 });
  });

  it('fires for a scanner behind the address of a busy client', () => {
    const contacts = [
      ...hosts(300, { outcome: SERVED }),
      ...Array.from({ length: 100 }, (_, i) => contact(1000 + i, 445)),
    ];
    expect(judge(addressScan, contacts).verdicts).toHaveLength(1);
    expect(judge(fanOut, contacts).verdicts).toEqual([]);
  });

  it('waits while nothing has been answered yet, and decides at the end of input', () => {
    const young = { ...LATER, nowUs: SECOND + 1 };
    expect(judge(addressScan, hosts(120), young)).toEqual({ verdicts: [], undecided: true });
    expect(judge(addressScan, hosts(120), { ...young, atEnd: true }).verdicts).toHaveLength(1);
  });
});

describe('port_scan', () => {
  it('fires at the hundredth port of one target and not at the ninety-ninth', () => {
    expect(judge(portScan, ports(99, { outcome: Outcome.closed })).verdicts).toEqual([]);
    const [verdict] = judge(portScan, ports(100, { outcome: Outcome.closed })).verdicts;
    expect(verdict).toMatchObject({ kind: 'port_scan', count: 100, exact: true });
  });

  it('does not fire for passive FTP: every port carries data', () => {
    expect(judge(portScan, ports(200, { outcome: SERVED })).verdicts).toEqual([]);
  });

  it('does not fire for media streams: many packets to each UDP port', () => {
    const streams = ports(200, { protocol: 17, kinds: ProbeKind.udp, packets: 40 });
    expect(judge(portScan, streams).verdicts).toEqual([]);
  });
});

describe('random_scan', () => {
  const block = (side: number) =>
    Array.from({ length: side * side }, (_, i) => contact(i % side, 1 + Math.floor(i / side)));

  it('fires for a block under both other thresholds, from 250 pairs on', () => {
    expect(judge(randomScan, block(15)).verdicts).toEqual([]);
    expect(judge(randomScan, block(16)).verdicts[0]).toMatchObject({ count: 256 });
  });

  it('leaves a wide sweep to address_scan', () => {
    expect(judge(randomScan, hosts(300)).verdicts).toEqual([]);
  });
});

describe('backscatter', () => {
  it('fires on answers that nobody asked for, and not on probes', () => {
    const answers = ports(60, { kinds: 0, outcome: Outcome.backscatterSynAck });
    expect(judge(backscatter, answers).verdicts[0]).toMatchObject({ count: 60 });
    expect(judge(addressScan, answers).verdicts).toEqual([]);
    expect(judge(backscatter, ports(60)).verdicts).toEqual([]);
  });
});

describe('stealth_scan', () => {
  it('fires on a few ports with impossible flags and not on SYNs', () => {
    expect(judge(stealthScan, ports(5, { kinds: ProbeKind.xmas })).verdicts).toHaveLength(1);
    expect(judge(stealthScan, ports(4, { kinds: ProbeKind.null })).verdicts).toEqual([]);
    expect(judge(stealthScan, ports(50)).verdicts).toEqual([]);
  });
});

describe('honeyport', () => {
  it('fires on the first touch of a configured port or network', () => {
    const touch = [contact(1, 31_337)];
    expect(judge(honeyport, touch, LATER, { ports: [31_337] }).verdicts).toHaveLength(1);
    expect(judge(honeyport, touch, LATER, { networks: ['198.51.0.0/24'] }).verdicts).toHaveLength(
      1,
    );
    expect(judge(honeyport, touch, LATER, { ports: [4444] }).verdicts).toEqual([]);
  });

  const dark = (count: number, over: Partial<Contact> = {}) =>
    Array.from({ length: count }, (_, index) =>
      contact(index, 22, { outcome: Outcome.darkTarget, ...over }),
    );

  it('takes five addresses learned to be dark, and is less sure of them', () => {
    expect(judge(honeyport, dark(4)).verdicts).toEqual([]);
    expect(judge(honeyport, dark(5)).verdicts).toMatchObject([
      { count: 5, threshold: 5, confidence: 0.6, evidence: { basis: 'learned' } },
    ]);
    expect(judge(honeyport, dark(5), LATER, { dark_threshold: 0 }).verdicts).toEqual([]);
  });

  it('waits for the answers of what was dark', () => {
    const now = { ...LATER, nowUs: SECOND + 1 };
    expect(judge(honeyport, dark(5), now)).toEqual({ undecided: true, verdicts: [] });
    const answered = dark(5, { outcome: Outcome.darkTarget | Outcome.closed });
    expect(judge(honeyport, answered).verdicts).toEqual([]);
  });

  it('leaves a client of hosts that went away alone', () => {
    const served = Array.from({ length: 5 }, (_, index) =>
      contact(100 + index, 80, { outcome: Outcome.open | Outcome.targetData }),
    );
    expect(judge(honeyport, [...dark(5), ...served]).verdicts).toEqual([]);
    expect(judge(honeyport, [...dark(6), ...served]).verdicts).toHaveLength(1);
  });
});
