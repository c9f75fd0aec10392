/** Where to listen, as text: `127.0.0.1:9477`, `[::1]:9477`, `:9477` for every address. */

export interface ListenAddress {
  /** Without brackets; null is every address. */
  host: string | null;
  /** 0 lets the system choose. */
  port: number;
}

const FORM = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/;
const PORT_MAX = 65_535;

/** Null when it is not of that form. Whether a name resolves is known when it is listened on. */
export function parseListenAddress(text: string): ListenAddress | null {
  const match = FORM.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > PORT_MAX) return null;
  return { host: match[1] ?? (match[2] || null), port };
}
