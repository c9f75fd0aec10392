/** What a detection worker is told; plain data, since it travels to worker threads. */
export interface DetectOptions {
  /** Settings by detector id. A missing detector runs on its defaults; `false` switches it off. */
  detectors: Record<string, Record<string, unknown> | false>;
  /** Sources a worker keeps a window for; the longest unheard-of goes first, and is counted. */
  windowSourcesMax: number;
  windowTargetsMax: number;
  /**
   * Sources a worker remembers over hours; those whose contacts succeed go first, and are counted.
   */
  historySourcesMax: number;
}

export const DEFAULT_DETECT_OPTIONS: DetectOptions = {
  detectors: {},
  windowSourcesMax: 65_536,
  windowTargetsMax: 4_096,
  historySourcesMax: 1_048_576,
};
