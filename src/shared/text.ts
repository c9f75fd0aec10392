/** Text that is safe to print: strings from the wire may hold terminal commands. */

/**
 * C0 and C1 controls and DEL (terminal commands), line and paragraph separators, and the marks that
 * reorder text (Unicode TR36 §3.1), which can make a report read otherwise than it is.
 */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\p{Surrogate}/gu;

/** The same without C0, which `JSON.stringify` has already escaped. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Printable, with every unsafe character as `\u{hex}`, cut to `charactersMax` with `...`. */
export function safeText(text: string, charactersMax = 200): string {
  const cut = text.length > charactersMax ? `${text.slice(0, charactersMax - 3)}...` : text;
  return cut.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** One line of JSON that a terminal cannot misread; still the same JSON value. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE_IN_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `12,345,678`, whatever the locale of the machine. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 host`, `12,345 hosts`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Order by UTF-16 code unit: the same on every machine, unlike `localeCompare`. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
