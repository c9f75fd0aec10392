/** What runs in a detection worker thread: the transport's far end joined to the judge. */
import type { DetectOptions } from './detect/options.js';
import { ShardJudge } from './detect/shard-judge.js';
import { serve } from './transport/embedded-worker.js';

serve(({ shards, settings }) => new ShardJudge(settings as DetectOptions, shards));
