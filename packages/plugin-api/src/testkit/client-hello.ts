/** Builds TLS hellos for tests, RFC 8446 §4.1.2. */

export interface HelloFields {
  version?: number;
  recordVersion?: number;
  sessionIdSize?: number;
  ciphers?: number[];
  /** Type and content; null leaves out the whole list, as SSL 3.0 does. */
  extensions?: [number, number[]][] | null;
}

export const u16be = (value: number): number[] => [value >> 8, value & 0xff];

/** A list of 16-bit values behind its own 16-bit size: supported groups, signature algorithms. */
export const list16 = (values: number[]): number[] => [
  ...u16be(values.length * 2),
  ...values.flatMap(u16be),
];

/** `server_name`, RFC 6066 §3. */
export const serverName = (name: string): [number, number[]] => [
  0,
  [...u16be(name.length + 3), 0, ...u16be(name.length), ...Buffer.from(name)],
];

/** `application_layer_protocol_negotiation`, RFC 7301 §3.1. */
export const alpn = (...names: string[]): [number, number[]] => {
  const list = names.flatMap((name) => [name.length, ...Buffer.from(name, 'latin1')]);
  return [16, [...u16be(list.length), ...list]];
};

export function clientHello(fields: HelloFields = {}): Uint8Array {
  const {
    version = 0x0303,
    recordVersion = 0x0301,
    sessionIdSize = 0,
    ciphers = [0x1301],
  } = fields;
  const extensions = fields.extensions === undefined ? [] : fields.extensions;
  const body = [
    ...u16be(version),
    ...new Array<number>(32).fill(0x52),
    sessionIdSize,
    ...new Array<number>(sessionIdSize).fill(0x53),
    ...list16(ciphers),
    1,
    0,
  ];
  if (extensions !== null) {
    const list = extensions.flatMap(([type, content]) => [
      ...u16be(type),
      ...u16be(content.length),
      ...content,
    ]);
    body.push(...u16be(list.length), ...list);
  }
  const handshake = [1, 0, ...u16be(body.length), ...body];
  return Uint8Array.from([22, ...u16be(recordVersion), ...u16be(handshake.length), ...handshake]);
}
