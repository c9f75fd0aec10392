/** What an HTTP request's head tells of its client. RFC 9112 §3, §5; untrusted bytes, maybe cut. */

export interface HttpRequest {
  /** "GET /path HTTP/1.1", printable ASCII, at most 200 characters. */
  line: string;
  userAgent: string | null;
}

const LINE_SIZE_MAX = 200;

/** Null when the bytes do not open with a request line. */
export function readHttpRequest(bytes: Uint8Array): HttpRequest | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const line = head.match(/^[A-Z_]{3,32} [^\r\n]{1,1024}/)?.[0];
  if (line === undefined) return null;
  const userAgent = head.match(/\r\nuser-agent:[ \t]*([^\r\n]{0,1024})/i)?.[1];
  return {
    line: printable(line),
    userAgent: userAgent === undefined ? null : printable(userAgent),
  };
}

/** Text with everything but printable ASCII escaped, cut to a length that fits a report. */
export function printable(text: string): string {
  const escaped = text.replace(/[^\x20-\x7e]|\\/g, (c) => {
    if (c === '\r') return '\\r';
    if (c === '\n') return '\\n';
    return c === '\\' ? '\\\\' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return escaped.length <= LINE_SIZE_MAX ? escaped : `${escaped.slice(0, LINE_SIZE_MAX - 1)}~`;
}
