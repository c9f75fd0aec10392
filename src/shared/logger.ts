/**
 * The program's own log: JSON Lines on standard error (standard output belongs to events), or short
 * text when a person is watching. The only file that knows pino.
 */
import { pino } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['auto', 'text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Fields first or message alone: `log.warn({ interface: 'eth0' }, 'packets lost')`. */
export interface Logger {
  /** Least severe level shown; may be set. */
  level: string;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Opens the log on standard error. `auto` is text on a terminal and JSON elsewhere. Writes are
 * synchronous: the volume is a few lines a minute, and the last line before a crash is kept.
 */
export function openLogger(level: LogLevel, format: LogFormat): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const isText = format === 'text' || (format === 'auto' && process.stderr.isTTY === true);
  if (!isText) {
    return pino(
      { ...options, formatters: { level: (label) => ({ level: label }) } },
      pino.destination({ dest: 2, sync: true }),
    );
  }
  return pino(options, { write: (line: string) => void process.stderr.write(formatLine(line)) });
}

/** `12:00:01 warn  packets lost interface=eth0` from one pino line. */
export function formatLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const label = pino.levels.labels[Number(level)] ?? String(level);
  const pairs = Object.entries(fields).map(([key, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return ` ${key}=${/\s/.test(text) ? JSON.stringify(text) : text}`;
  });
  return `${String(time).slice(11, 19)} ${label.padEnd(5)} ${String(msg)}${pairs.join('')}\n`;
}
