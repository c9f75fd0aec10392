import { describe, expect, it } from 'vitest';
import { formatSynSignature } from './syn-signature.js';

/** Version and TTL, IP options, MSS, window, scale, payload, quirks, EOL padding, kinds. */
function signature(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

const LINUX = '0440 00 05b4 faf0 07 00 00000003 00 05 0204080103';

describe('formatSynSignature', () => {
  // The p0f column is what p0f 3.09b printed for such packets, with the initial TTL.
  it.each([
    ['Linux', LINUX, '4:64:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0', '64240:2-4-8-1-3:1460:7'],
    [
      'Nmap',
      '0440 00 05b4 0400 ff 00 00000000 00 01 02',
      '4:64:0:1460:1024,0:mss::0',
      '1024:2:1460:',
    ],
    ['Masscan', '04ff 00 ffff 0400 ff 00 00000000 00 00', '4:255:0:0:1024,0:::0', '1024:::'],
    [
      'Nmap over IPv6',
      '06ff 00 05b4 0400 ff 00 00000000 00 01 02',
      '6:255:0:1460:1024,0:mss::0',
      '1024:2:1460:',
    ],
    [
      'Nmap OS detection',
      '0440 00 0578 003f 00 00 00000000 00 05 0203040800',
      '4:64:0:1400:63,0:mss,ws,sok,ts,eol+0::0',
      '63:2-3-4-8-0:1400:0',
    ],
    [
      'data on the SYN',
      '0440 00 05b4 0400 ff 01 00000000 00 01 02',
      '4:64:0:1460:1024,0:mss::+',
      '1024:2:1460:',
    ],
  ])('prints %s', (_, text, p0f, muonfp) => {
    expect(formatSynSignature(signature(text))).toMatchObject({ p0f, muonfp });
  });

  it('names every quirk in the order of p0f', () => {
    const { p0f } = formatSynSignature(signature('0440 08 05b4 0001 0f 00 0001ffff 02 02 1f00'));
    expect(p0f).toBe(
      '4:64:8:1460:1,15:?31,eol+2:df,id+,id-,ecn,0+,flow,seq-,ack+,ack-,uptr+,urgf+,pushf+,' +
        'ts1-,ts2+,opt+,exws,bad:0',
    );
  });

  it.each([
    ['the MSS', '04', 1400, 14000, '0202', 'mss*10'],
    ['the MSS less time stamps', '04', 1400, 13880, '0208', 'mss*10'],
    ['... only with a time stamp', '04', 1400, 13880, '0202', '13880'],
    ['the usual MSS', '04', 1400, 2920, '0202', 'mss*2'],
    ['the usual MSS less 12', '04', 1400, 2896, '0202', 'mss*2'],
    ['the usual MSS of IPv6', '06', 1400, 2880, '0202', 'mss*2'],
    ['... only over IPv6', '04', 1350, 2880, '0202', '2880'],
    ['the MTU', '04', 1400, 2880, '0202', 'mtu*2'],
    ['headers and MSS', '04', 1400, 2896 + 8, '0808', '2904'],
    ['the Ethernet MTU', '04', 1400, 3000, '0202', 'mtu*2'],
    ['nothing', '04', 1400, 8192, '0202', '8192'],
    ['a tiny MSS', '04', 99, 198, '0202', '198'],
  ])('finds the window to be a multiple of %s', (_, version, mss, window, kinds, expected) => {
    const hex = (value: number) => value.toString(16).padStart(4, '0');
    const text = `${version}40 00 ${hex(mss)} ${hex(window)} ff 00 00000000 00 02 ${kinds}`;
    expect(formatSynSignature(signature(text)).p0f.split(':')[4]).toBe(`${expected},0`);
  });

  it('hashes the p0f form with FNV-1a 64', () => {
    const { hash } = formatSynSignature(signature(LINUX));
    expect(hash).toBe(reference('4:64:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0'));
  });

  it('refuses bytes that are no signature', () => {
    expect(() => formatSynSignature(new Uint8Array(14))).toThrow(RangeError);
    expect(() => formatSynSignature(signature(LINUX).slice(0, -1))).toThrow(RangeError);
  });
});

/** FNV-1a 64 on two halves, checked against the published value of "a". */
function reference(text: string): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of Buffer.from(text)) {
    low = (low ^ byte) >>> 0;
    // Times 0x100000001b3: by 0x1b3, plus a shift by 40.
    const product = low * 0x1b3;
    const carry = Math.floor(product / 2 ** 32);
    high = (high * 0x1b3 + carry + low * 256) % 2 ** 32;
    low = product % 2 ** 32;
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

describe('the reference hash', () => {
  it('gives the published value', () => {
    expect(reference('a')).toBe('af63dc4c8601ec8c');
    expect(reference('foobar')).toBe('85944171f73967e8');
  });
});
