/**
 * Ctrl-C and termination: the first ends cleanly with everything seen reported, the second at once.
 */

/** Calls `stop` on the first SIGINT or SIGTERM; returns a function that gives the signals back. */
export function onStopSignal(stop: (signal: NodeJS.Signals) => void): () => void {
  let received = 0;
  const listener = (signal: NodeJS.Signals) => {
    received++;
    if (received === 1) stop(signal);
    else process.exit(signal === 'SIGINT' ? 130 : 143); // 128 + signal number, as shells report it.
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
}
