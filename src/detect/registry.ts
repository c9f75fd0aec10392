/** Which detectors run: the built-in ones. The only importer of `packages/detectors`. */
import { BUILT_IN_DETECTORS } from '../../packages/detectors/src/index.js';
import type { Detector } from '../../packages/plugin-api/src/index.js';

export const DETECTORS: readonly Detector[] = BUILT_IN_DETECTORS;
