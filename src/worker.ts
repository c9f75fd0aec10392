/** What runs in a detection worker thread: the transport's far end joined to the judge. */
import type { DetectOptions } from './detect/options.js';
import { ShardDetector } from './detect/shard-detector.js';
import { assignment, serve } from './transport/embedded-worker.js';

const { shards, settings } = assignment();
serve(new ShardDetector(settings as DetectOptions, shards));
