/** Entry file of a worker thread that serves a toy judge. */
import { serve } from '../embedded-worker.js';
import { openToyJudge } from './toy-judge.js';

serve(openToyJudge);
