/** What runs in a detection worker thread: the transport's far end joined to the judge. */
import { openJudge } from './detect/shard-judge.js';
import { serve } from './transport/embedded-worker.js';

serve(openJudge);
