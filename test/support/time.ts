/** `2026-11-24T03:45:46.123456+0000`, Suricata's form, to microseconds since 1970. */
export function timeUsOf(text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\.(\d{6})(?:\+0000|Z)$/.exec(text);
  if (!match) throw new Error(`not a time in UTC with microseconds: ${text}`);
  return Date.parse(`${match[1]}Z`) * 1000 + Number(match[2]);
}
