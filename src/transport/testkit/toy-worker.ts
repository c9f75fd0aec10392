/** Entry file of a worker thread that serves a toy judge. */
import { serve } from '../embedded-worker.js';
import { ToyJudge } from './toy-judge.js';

serve(({ shards, settings }) => new ToyJudge(shards, (settings as { gate: Int32Array }).gate));
