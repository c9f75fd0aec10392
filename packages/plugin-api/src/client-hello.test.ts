import { once } from 'node:events';
import { Duplex, Readable } from 'node:stream';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { calculateJa3, calculateJa4, readTlsClientHello } from 'read-tls-client-hello';
import { describe, expect, it } from 'vitest';
import { ja3, ja4, readClientHello } from './client-hello.js';
import { alpn, clientHello, type HelloFields, list16, serverName } from './testkit/client-hello.js';

async function expectLikeOracle(bytes: Uint8Array): Promise<void> {
  const stream = Readable.from([Buffer.from(bytes)], { objectMode: false });
  const oracle = await readTlsClientHello(stream);
  const hello = readClientHello(bytes);
  expect(hello).not.toBeNull();
  if (hello === null) return;
  expect(ja3(hello)).toBe(calculateJa3(oracle));
  expect(ja4(hello)).toBe(calculateJa4(oracle));
}

/** What this Node's TLS library says first. */
async function ownHello(): Promise<Uint8Array> {
  const sent: Buffer[] = [];
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      sent.push(chunk);
      done();
      this.emit('said');
    },
  });
  const said = once(wire, 'said');
  const socket = connect({ socket: wire, servername: 'example.test', ALPNProtocols: ['h2'] });
  socket.on('error', () => {});
  await said;
  socket.destroy();
  return Buffer.concat(sent);
}

/** Without what only looks like GREASE: the other implementation leaves that out too. */
const uint16 = fc
  .integer({ min: 0, max: 0xffff })
  .filter((value) => (value & 0x0f0f) !== 0x0a0a || value >> 8 === (value & 0xff));
const uint16s = fc.array(uint16, { minLength: 1, maxLength: 30 });
const fields: fc.Arbitrary<HelloFields> = fc
  .record({
    version: fc.constantFrom(0x0300, 0x0301, 0x0302, 0x0303),
    sessionIdSize: fc.constantFrom(0, 32),
    ciphers: uint16s,
    groups: uint16s,
    algorithms: uint16s,
    others: fc
      .uniqueArray(uint16, { maxLength: 8 })
      .map((types) => types.filter((type) => type > 99)),
    protocol: fc.constantFrom('h2', 'http/1.1', 'h3'),
    hasName: fc.boolean(),
  })
  .map((drawn) => ({
    ...drawn,
    extensions: [
      ...(drawn.hasName ? [serverName('example.test')] : []),
      ...drawn.others.map((type): [number, number[]] => [type, [1, 2, 3]]),
      [10, list16(drawn.groups)],
      [11, [1, 0]],
      [13, list16(drawn.algorithms)],
      alpn(drawn.protocol),
      [43, [2, 3, 4]],
    ] satisfies [number, number[]][],
  }));

describe('readClientHello', () => {
  it('reads what this Node says', async () => {
    const bytes = await ownHello();
    expect(readClientHello(bytes)).toMatchObject({ hasServerName: true, alpn: 'h2' });
    await expectLikeOracle(bytes);
  });

  it('gives the fingerprints another implementation gives', async () => {
    await fc.assert(
      fc.asyncProperty(fields, (drawn) => expectLikeOracle(clientHello(drawn))),
      { numRuns: 200 },
    );
  });

  it('knows no hello that is cut anywhere', () => {
    const bytes = clientHello({ extensions: [serverName('a.test'), [10, list16([29, 23])]] });
    for (let size = 0; size < bytes.length; size++) {
      expect(readClientHello(bytes.subarray(0, size))).toBeNull();
    }
  });

  it('survives any bytes', () => {
    const anything = fc.uint8Array({ maxLength: 300 });
    const damaged = fc
      .tuple(fields, fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 8 }))
      .map(([drawn, changes]) => {
        const bytes = clientHello(drawn);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(anything, damaged), (bytes) => {
        const hello = readClientHello(bytes);
        if (hello !== null)
          expect(ja4(hello)).toMatch(/^t[0-9a-z]{2}[di]\d{4}.{2}(_[0-9a-f]{12}){2}$/);
      }),
    );
  });

  it('needs no extensions: SSL 3.0 has none', () => {
    const hello = readClientHello(
      clientHello({ version: 0x0300, ciphers: [4, 5], extensions: null }),
    );
    expect(hello && ja4(hello)).toMatch(/^ts3i020000_[0-9a-f]{12}_000000000000$/);
  });

  // The examples of the specification.
  it.each([
    ['\xab', 'ab'],
    ['\xab\xcd', 'ad'],
    ['\x30\xab', '3b'],
    ['\x30\x31\xab\xcd', '3d'],
    ['\x30\xab\xcd\x31', '01'],
  ])('writes a protocol that is no text in hex', (protocol, ends) => {
    const hello = readClientHello(clientHello({ extensions: [alpn(protocol)] }));
    expect(hello && ja4(hello)).toContain(`i0101${ends}_`);
  });

  it('leaves out GREASE, RFC 8701', () => {
    const plain = readClientHello(clientHello({ ciphers: [0x1301], extensions: [[23, []]] }));
    const greased = readClientHello(
      clientHello({
        ciphers: [0x4a4a, 0x1301],
        extensions: [
          [0x1a1a, [0]],
          [23, []],
        ],
      }),
    );
    expect(greased).toEqual(plain);
  });
});
