import { describe, expect, it } from 'vitest';
import { printable, readHttpRequest } from './http-request.js';

const read = (text: string) => readHttpRequest(Buffer.from(text, 'latin1'));

describe('readHttpRequest', () => {
  it('reads the request line and the user agent, whatever the case of its name', () => {
    expect(read('GET /a HTTP/1.1\r\nHost: h\r\nuSER-Agent:  curl/8.5.0\r\n\r\n')).toEqual({
      line: 'GET /a HTTP/1.1',
      userAgent: 'curl/8.5.0',
    });
  });

  it('says so when there is no user agent', () => {
    expect(read('GET / HTTP/1.0\r\n\r\n')).toEqual({ line: 'GET / HTTP/1.0', userAgent: null });
  });

  it('takes what was captured of a request that is cut', () => {
    expect(read('GET /a HTTP/1.1\r\nUser-Agent: Mozilla/5.0 (co')?.userAgent).toBe(
      'Mozilla/5.0 (co',
    );
  });

  it('is not fooled by a user agent in the path, and knows what is no request', () => {
    expect(read('GET /?User-Agent:x HTTP/1.1\r\nHost: h\r\n\r\n')?.userAgent).toBeNull();
    expect(read('\x16\x03\x01')).toBeNull();
    expect(read('')).toBeNull();
  });

  it('escapes what would act on a terminal, and cuts what is too long for a report', () => {
    expect(read('GET /\x1b[2J HTTP/1.1\r\nUser-Agent: a\x00\\b\r\n')).toEqual({
      line: 'GET /\\x1b[2J HTTP/1.1',
      userAgent: 'a\\x00\\\\b',
    });
    expect(printable('a'.repeat(500))).toHaveLength(200);
  });
});
