/** Entry file of a worker thread that serves a toy judge. */
import { assignment, serve } from '../embedded-worker.js';
import { ToyJudge } from './toy-judge.js';

const { shards, settings } = assignment();
serve(new ToyJudge(shards, (settings as { gate: Int32Array }).gate));
