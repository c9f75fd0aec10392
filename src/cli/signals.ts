/**
 * Ctrl-C and termination: the first ends cleanly with everything seen reported, the second at once.
 */

/**
 * A second signal this soon is the same request: Ctrl-C reaches the whole process group, and npm
 * and timeout(1) pass on what they receive as well.
 */
const SAME_REQUEST_MS = 500;

/** Calls `stop` on the first SIGINT or SIGTERM; returns a function that gives the signals back. */
export function onStopSignal(stop: (signal: NodeJS.Signals) => void): () => void {
  let firstMs: number | null = null;
  const listener = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (firstMs === null) {
      firstMs = nowMs;
      stop(signal);
    } else if (nowMs - firstMs > SAME_REQUEST_MS) {
      process.exit(signal === 'SIGINT' ? 130 : 143); // 128 + signal number, as shells report it.
    }
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
}
