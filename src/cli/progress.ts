/** The progress bar of long reads, on standard error and only on a terminal. */
import { Presets, SingleBar } from 'cli-progress';

const BYTES_PER_MIB = 1024 * 1024;
/** Shorter reads end before a bar says anything. */
const SHOW_AFTER_MS = 300;

export interface ProgressBar {
  /** `totalBytes` is 0 when unknown (standard input): then nothing is drawn. */
  update(readBytes: number, totalBytes: number, path: string): void;
  /** Takes the bar off the screen. Idempotent. */
  clear(): void;
}

export function openProgressBar(): ProgressBar {
  if (process.stderr.isTTY !== true) return { update() {}, clear() {} };
  const openedMs = Date.now();
  const bar = new SingleBar(
    {
      format: 'reading {path} |{bar}| {percentage}% of {mib} MiB, {eta_formatted} left',
      hideCursor: true,
      clearOnComplete: true,
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  let isShown = false;
  return {
    update(readBytes, totalBytes, path) {
      if (totalBytes === 0 || (!isShown && Date.now() - openedMs < SHOW_AFTER_MS)) return;
      const payload = { path, mib: Math.ceil(totalBytes / BYTES_PER_MIB) };
      if (isShown) bar.update(readBytes, payload);
      else bar.start(totalBytes, readBytes, payload);
      isShown = true;
    },
    clear() {
      if (isShown) bar.stop();
      isShown = false;
    },
  };
}
