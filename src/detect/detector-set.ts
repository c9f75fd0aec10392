/** The detectors that run, with their settings: the same for every shard of a deployment. */
import type {
  Detector,
  HistoryDetector,
  SourceDetector,
  TargetDetector,
} from '../../packages/plugin-api/src/index.js';
import type { DetectOptions } from './options.js';
import { DETECTORS } from './registry.js';

export interface Configured<D extends Detector> {
  detector: D;
  config: unknown;
  windowS: number;
}

export class DetectorSet {
  readonly source: Configured<SourceDetector>[] = [];
  readonly target: Configured<TargetDetector>[] = [];
  readonly history: Configured<HistoryDetector>[] = [];
  /** The longest window of a source or target detector, microseconds. */
  readonly horizonUs: number;

  /** @throws what a detector's schema throws for settings it does not know. */
  constructor({ detectors }: DetectOptions) {
    let longest = 1;
    for (const detector of DETECTORS) {
      const settings = detectors[detector.id];
      if (settings === false) continue;
      const config = detector.config.parse(settings ?? {}, { jitless: true });
      const windowS = detector.windowS(config);
      if (detector.entity === 'history') {
        this.history.push({ detector, config, windowS });
        continue;
      }
      longest = Math.max(longest, windowS);
      if (detector.entity === 'source') this.source.push({ detector, config, windowS });
      else this.target.push({ detector, config, windowS });
    }
    this.horizonUs = longest * 1e6;
  }
}
