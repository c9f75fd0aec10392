/** Packet times and durations as text. Every time is in microseconds since 1970 (UTC). */

/** The last second of year 9999: a hostile capture's times may lie beyond any calendar. */
const TIME_US_MAX = 253_402_300_799 * 1e6;

/** Suricata's EVE form: `2026-11-24T03:25:42.123456+0000`. */
export function formatEveTime(timeUs: number): string {
  return `${isoSeconds(timeUs)}.${fraction(timeUs)}+0000`;
}

/** For people: `2026-11-24 03:25:42 UTC`. */
export function formatDateTime(timeUs: number): string {
  return `${isoSeconds(timeUs).replace('T', ' ')} UTC`;
}

/** Time of day for people: `03:25:42`. */
export function formatClock(timeUs: number): string {
  return isoSeconds(timeUs).slice(11);
}

/**
 * A duration in its two largest units: `350 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
 */
export function formatDuration(durationUs: number): string {
  const seconds = Math.max(0, durationUs) / 1e6;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  if (seconds < 3570) return pair(seconds, 60, 'min', 1, 's');
  if (seconds < 86_400 - 30) return pair(seconds, 3600, 'h', 60, 'min');
  return pair(seconds, 86_400, 'd', 3600, 'h');
}

function pair(
  seconds: number,
  large: number,
  name: string,
  small: number,
  smallName: string,
): string {
  const total = Math.round(seconds / small) * small;
  const rest = Math.round((total % large) / small);
  return `${Math.floor(total / large)} ${name}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
}

function isoSeconds(timeUs: number): string {
  return new Date(Math.floor(clamp(timeUs) / 1e6) * 1000).toISOString().slice(0, 19);
}

function fraction(timeUs: number): string {
  return String(Math.floor(clamp(timeUs) % 1e6)).padStart(6, '0');
}

function clamp(timeUs: number): number {
  return Number.isFinite(timeUs) ? Math.min(Math.max(timeUs, 0), TIME_US_MAX) : 0;
}
