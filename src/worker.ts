/** What runs in a detection worker thread: the transport's far end joined to the judge. */
import type { DetectOptions } from './detect/options.js';
import { ShardJudge } from './detect/shard-judge.js';
import { assignment, serve } from './transport/embedded-worker.js';

const { shards, settings } = assignment();
serve(new ShardJudge(settings as DetectOptions, shards));
