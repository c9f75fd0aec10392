/** What the correlator can be told; every field has a default. */
export interface CorrelateOptions {
  shardCount: number;
  /**
   * `canonical` holds an epoch back until every shard has judged it, so that the output is the same
   * whatever the number of workers. `arrival` speaks as soon as a worker did, for people watching
   * live.
   * @defaultValue canonical
   */
  order?: 'canonical' | 'arrival';
  /** An incident closes after this much packet time without activity. @defaultValue 600 */
  idleS?: number;
  /**
   * Growth and further exposed services alone cause at most one update in this time. @defaultValue
   * 10
   */
  quietS?: number;
  /** Whether a source may scan; lowers the confidence, hides nothing. */
  allowlisted?: (ip: string, atUs: number) => boolean;
}
