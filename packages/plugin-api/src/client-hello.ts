/**
 * A TLS client's hello, read from untrusted bytes as far as they go, and the two fingerprints
 * people search for: JA3 and JA4 (the TLS client part only, FoxIO's specification "JA4.md").
 */
import { createHash } from 'node:crypto';

export interface ClientHello {
  /** `legacy_version`, RFC 8446 §4.1.2. */
  version: number;
  /** In the order sent, GREASE left out; likewise all other lists. */
  ciphers: number[];
  extensions: number[];
  groups: number[];
  pointFormats: number[];
  signatureAlgorithms: number[];
  supportedVersions: number[];
  hasServerName: boolean;
  /** The first application protocol offered (latin-1), or empty. */
  alpn: string;
}

const RECORD_HANDSHAKE = 22;
const CLIENT_HELLO = 1;

/** IANA "TLS ExtensionType Values". */
const Extension = {
  serverName: 0,
  supportedGroups: 10,
  ecPointFormats: 11,
  signatureAlgorithms: 13,
  alpn: 16,
  supportedVersions: 43,
} as const;

/** Reads big-endian fields between two offsets; out of bounds is an error the caller catches. */
class Fields {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
    readonly end: number,
  ) {
    if (end > bytes.length) throw new RangeError('cut short');
  }

  get isDone(): boolean {
    return this.at >= this.end;
  }

  uint(size: 1 | 2 | 3): number {
    if (this.at + size > this.end) throw new RangeError('cut short');
    let value = 0;
    for (let i = 0; i < size; i++) value = (value << 8) | this.bytes[this.at++];
    return value;
  }

  /** A vector with a length of `size` bytes, RFC 8446 §3.4. */
  vector(size: 1 | 2 | 3): Fields {
    const count = this.uint(size);
    if (count > this.end - this.at) throw new RangeError('cut short');
    const inner = new Fields(this.bytes, this.at, this.at + count);
    this.at += count;
    return inner;
  }

  /** Everything left, as numbers of `size` bytes without GREASE. */
  list(size: 1 | 2): number[] {
    const values: number[] = [];
    while (!this.isDone) {
      const value = this.uint(size);
      if (size === 1 || !isGrease(value)) values.push(value);
    }
    return values;
  }

  text(): string {
    const bytes = this.bytes.subarray(this.at, this.end);
    return String.fromCharCode(...bytes);
  }
}

/** RFC 8701 §3.1: values a client sends to be ignored. */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

/** The hello that opens `bytes`; null when there is none, or it is not all there. */
export function readClientHello(bytes: Uint8Array): ClientHello | null {
  try {
    const record = new Fields(bytes, 0, bytes.length);
    if (record.uint(1) !== RECORD_HANDSHAKE || record.uint(2) >> 8 !== 3) return null;
    const handshake = record.vector(2);
    if (handshake.uint(1) !== CLIENT_HELLO) return null;
    return readBody(handshake.vector(3));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** RFC 8446 §4.1.2; SSL 3.0 and TLS 1.0 may end without extensions. */
function readBody(body: Fields): ClientHello {
  const hello: ClientHello = {
    version: body.uint(2),
    ciphers: [],
    extensions: [],
    groups: [],
    pointFormats: [],
    signatureAlgorithms: [],
    supportedVersions: [],
    hasServerName: false,
    alpn: '',
  };
  body.at += 32;
  body.vector(1);
  hello.ciphers = body.vector(2).list(2);
  body.vector(1);
  if (body.isDone) return hello;
  const extensions = body.vector(2);
  while (!extensions.isDone) {
    const type = extensions.uint(2);
    const content = extensions.vector(2);
    if (isGrease(type)) continue;
    hello.extensions.push(type);
    readExtension(hello, type, content);
  }
  return hello;
}

function readExtension(hello: ClientHello, type: number, content: Fields): void {
  if (content.isDone) {
    if (type === Extension.serverName) hello.hasServerName = true;
    return;
  }
  switch (type) {
    case Extension.serverName:
      hello.hasServerName = true;
      break;
    case Extension.supportedGroups:
      hello.groups = content.vector(2).list(2);
      break;
    case Extension.ecPointFormats:
      hello.pointFormats = content.vector(1).list(1);
      break;
    case Extension.signatureAlgorithms:
      hello.signatureAlgorithms = content.vector(2).list(2);
      break;
    case Extension.alpn: {
      const names = content.vector(2);
      if (!names.isDone) hello.alpn = names.vector(1).text();
      break;
    }
    case Extension.supportedVersions:
      hello.supportedVersions = content.vector(1).list(2);
      break;
  }
}

/** MD5 of "version,ciphers,extensions,groups,formats" (salesforce/ja3). 32 hex digits. */
export function ja3(hello: ClientHello): string {
  const { version, ciphers, extensions, groups, pointFormats } = hello;
  const lists = [ciphers, extensions, groups, pointFormats].map((list) => list.join('-'));
  return createHash('md5')
    .update([version, ...lists].join(','))
    .digest('hex');
}

/** `t13d1516h2_8daaf6152771_b186095e22b6`: JA4 over TCP. */
export function ja4(hello: ClientHello): string {
  const { ciphers, extensions, signatureAlgorithms } = hello;
  const sorted = hexList(ciphers).sort();
  const named: number[] = [Extension.serverName, Extension.alpn];
  const others = hexList(extensions.filter((type) => !named.includes(type))).sort();
  const algorithms = hexList(signatureAlgorithms).join(',');
  const facts = algorithms === '' ? others.join(',') : `${others.join(',')}_${algorithms}`;
  const name = hello.hasServerName ? 'd' : 'i';
  const counts = `${twoDigits(ciphers.length)}${twoDigits(extensions.length)}`;
  const a = `t${ja4Version(hello)}${name}${counts}${ja4Alpn(hello.alpn)}`;
  return [
    a,
    ciphers.length === 0 ? '000000000000' : shortHash(sorted.join(',')),
    extensions.length === 0 ? '000000000000' : shortHash(facts),
  ].join('_');
}

const JA4_VERSIONS: Readonly<Record<number, string>> = {
  772: '13',
  771: '12',
  770: '11',
  769: '10',
  768: 's3',
  2: 's2',
};

function ja4Version({ version, supportedVersions }: ClientHello): string {
  return (
    JA4_VERSIONS[supportedVersions.length > 0 ? Math.max(...supportedVersions) : version] ?? '00'
  );
}

/** First and last character of the first protocol; of its hex when they are not alphanumeric. */
function ja4Alpn(alpn: string): string {
  if (alpn === '') return '00';
  const ends = alpn[0] + alpn[alpn.length - 1];
  if (/^[0-9A-Za-z]{2}$/.test(ends)) return ends;
  const hex = Buffer.from(alpn, 'latin1').toString('hex');
  return hex[0] + hex[hex.length - 1];
}

function twoDigits(count: number): string {
  return String(Math.min(count, 99)).padStart(2, '0');
}

function hexList(values: readonly number[]): string[] {
  return values.map((value) => value.toString(16).padStart(4, '0'));
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
