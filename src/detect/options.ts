/** What a detection worker is told; plain data, since it travels to worker threads. */
export interface DetectOptions {
  /** Settings by detector id. A missing detector runs on its defaults; `false` switches it off. */
  detectors: Record<string, Record<string, unknown> | false>;
  /** Shards of the deployment: each has its share of the capacities, whoever serves it. */
  shardCount: number;
  /** Sources that have a window; the longest unheard-of goes first, and is counted. */
  windowSourcesMax: number;
  windowTargetsMax: number;
  /**
   * What all windows may take in memory, about; those that take more than others give up detail,
   * and that is counted.
   */
  windowBytesMax: number;
  /**
   * Sources remembered over hours; those whose contacts succeed go first, and are counted.
   */
  historySourcesMax: number;
  /**
   * As long as an incident waits for its source to go on (microseconds of packet time): what the
   * source reaches before and after a shorter pause counts as one.
   */
  pauseUs: number;
  /** A sensor this far behind the others (microseconds of packet time) is waited for no more. */
  sensorSilentUs: number;
}

export const DEFAULT_DETECT_OPTIONS: DetectOptions = {
  detectors: {},
  shardCount: 16,
  windowSourcesMax: 65_536,
  windowTargetsMax: 4_096,
  windowBytesMax: 96 * 2 ** 20,
  historySourcesMax: 1_048_576,
  pauseUs: 600_000_000,
  sensorSilentUs: 30_000_000,
};
