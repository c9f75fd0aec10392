/** Windows of sources that spoke to services, for the detectors of payloads. */
import {
  CONTACT_SIZE,
  ContactAt,
  HELLO_OBSOLETE,
  HIT_AFTER_WAIT,
  HIT_SIZE,
  HitAt,
  Outcome,
  PAYLOAD_SIGNATURES,
  ProbeKind,
  SourceCounter,
  type SourceDetector,
  SourceWindow,
  summarize,
} from '../../../plugin-api/src/index.js';

const SECOND = 1_000_000;
const TCP = 6;
const UDP = 17;
const SERVED = Outcome.open | Outcome.established | Outcome.sourceData | Outcome.targetData;

export interface Said {
  /** Name of the signature, or the number of a TLS hello's shape. */
  what: string | number;
  /** Number of the target. */
  target?: number;
  port?: number;
  count?: number;
  afterWait?: boolean;
  /** For a hello: it offers less than TLS 1.2. */
  obsolete?: boolean;
}

/** A service that the source listened to and left. */
export interface Listened {
  target?: number;
  port: number;
}

export function windowOf(said: Said[], listened: Listened[] = []): SourceWindow {
  const window = new SourceWindow(
    0,
    String.fromCharCode(203, 0, 113, 9),
    3600 * SECOND,
    600 * SECOND,
  );
  const touched = [
    ...said.map(({ target = 0, port = 80, what }) => {
      return { target, port, protocol: protocolOf(what), outcome: SERVED };
    }),
    ...listened.map(({ target = 0, port }) => {
      return { target, port, protocol: TCP, outcome: SERVED | Outcome.waited };
    }),
  ];
  const targets = [...new Set(touched.map(({ target }) => target))];
  const contacts = new DataView(new ArrayBuffer(touched.length * CONTACT_SIZE));
  touched.forEach(({ target, port, protocol, outcome }, index) => {
    const at = index * CONTACT_SIZE;
    contacts.setUint16(at + ContactAt.target, targets.indexOf(target), true);
    contacts.setUint8(at + ContactAt.protocol, protocol);
    contacts.setUint16(at + ContactAt.port, port, true);
    contacts.setUint16(
      at + ContactAt.kinds,
      protocol === TCP ? ProbeKind.syn : ProbeKind.udp,
      true,
    );
    contacts.setUint16(at + ContactAt.outcome, outcome, true);
    contacts.setUint16(at + ContactAt.packets, 1, true);
  });
  const hits = new DataView(new ArrayBuffer(said.length * HIT_SIZE));
  said.forEach((one, index) => {
    const { what, target = 0, port = 80, count = 1, afterWait = false, obsolete = false } = one;
    const at = index * HIT_SIZE;
    hits.setUint32(at + HitAt.code, codeOf(what, obsolete), true);
    hits.setUint16(at + HitAt.target, targets.indexOf(target), true);
    hits.setUint8(at + HitAt.protocol, protocolOf(what));
    hits.setUint8(at + HitAt.flags, afterWait ? HIT_AFTER_WAIT : 0);
    hits.setUint16(at + HitAt.port, port, true);
    hits.setUint16(at + HitAt.times, count, true);
  });
  window.merge(
    {
      tunnelKey: 0,
      address: Uint8Array.of(203, 0, 113, 9),
      firstUs: 0,
      lastUs: 1000,
      counters: new Array<number>(Object.keys(SourceCounter).length).fill(0),
      signatures: [],
      targets: Uint8Array.from(targets.flatMap((target) => [198, 51, 100, target])),
      contacts: new Uint8Array(contacts.buffer),
      targetSketch: null,
      pairSketch: null,
      ports: null,
      deep: [],
      runKey: 0,
      ttlMin: 60,
      ttlMax: 60,
      sourcePortMin: 40_000,
      sourcePortMax: 50_000,
      traits: 0,
      hits: new Uint8Array(hits.buffer),
      samples: [],
      finds: new Uint8Array(0),
      findsMissed: 0,
    },
    { sensor: 'a', final: true, epochStartUs: 0, signatures: [] },
  );
  return window;
}

/** What a detector says of it `afterS` seconds later. */
export function judge<Config>(
  detector: SourceDetector<Config>,
  window: SourceWindow,
  afterS = 1,
  settings: Record<string, unknown> = {},
) {
  const config = detector.config.parse(settings);
  const nowUs = afterS * SECOND;
  if (!detector.concerns(window, config)) return [];
  const summary = summarize(window, detector.windowS(config), nowUs, false);
  return detector.judge(summary, window, config, { nowUs, atEnd: false, answersVisible: true })
    .verdicts;
}

function protocolOf(what: string | number): number {
  return typeof what === 'string' && signatureOf(what).transport === 'udp' ? UDP : TCP;
}

/** `name`, or `udp name` where a probe exists over both. @throws Error for a name nobody has */
function signatureOf(name: string) {
  const [transport, bare] = name.startsWith('udp ') ? ['udp', name.slice(4)] : ['tcp', name];
  const named = PAYLOAD_SIGNATURES.filter((signature) => signature.name === bare);
  const found = named.find((signature) => signature.transport === transport) ?? named[0];
  if (found === undefined) throw new Error(`no payload is called ${name}`);
  return found;
}

function codeOf(what: string | number, obsolete: boolean): number {
  if (typeof what === 'string') return signatureOf(what).id;
  return ((1 << 31) | (obsolete ? HELLO_OBSOLETE : 0) | what) >>> 0;
}
