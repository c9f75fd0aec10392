/**
 * The whole flow in this process: the TypeScript observer, every shard's detectors, the correlator.
 * For tests of many small captures, where a process each would take minutes. The other ways give
 * the same findings (four-ways.test.ts).
 */
import { Pipeline } from '../../packages/observer/src/pipeline.js';
import type { Finding } from '../../packages/plugin-api/src/index.js';
import { buildConfigSchema, type PicketConfig } from '../../src/config/schema.js';
import { Correlator, type OutputEvent } from '../../src/correlate/correlator.js';
import { DETECTORS } from '../../src/detect/registry.js';
import { ShardJudge } from '../../src/detect/shard-judge.js';
import { detectOptions, observerOptions } from '../../src/pipeline-options.js';
import { LINKTYPE_ETHERNET, type TimedFrame } from '../generate/pcap-writer.js';

/** Settings as in picket.yaml; everything else has its default. */
export function configOf(settings: object): PicketConfig {
  return buildConfigSchema(DETECTORS).parse(settings);
}

/** Every event of a capture of Ethernet frames in time order, canonical as `picket read` says. */
export function eventsOfFrames(frames: Iterable<TimedFrame>, config: PicketConfig): OutputEvent[] {
  const shards = Array.from({ length: config.shards }, (_, shard) => shard);
  const judge = new ShardJudge(detectOptions(config), shards);
  const correlator = new Correlator({ shardCount: config.shards });
  const events: OutputEvent[] = [];
  const observer = new Pipeline(observerOptions(config), (_, batch) => {
    correlator.accept(judge.accept(batch));
    events.push(...correlator.advance());
  });
  for (const { timeUs, frame } of frames) {
    observer.frame(frame, 0, frame.length, frame.length, timeUs, LINKTYPE_ETHERNET);
  }
  observer.finish();
  for (const outcome of judge.end()) correlator.accept(outcome);
  events.push(...correlator.end());
  return events;
}

export function findingsOfFrames(frames: Iterable<TimedFrame>, config: PicketConfig): Finding[] {
  return eventsOfFrames(frames, config).flatMap((event) =>
    event.type === 'finding' ? [event.finding] : [],
  );
}
