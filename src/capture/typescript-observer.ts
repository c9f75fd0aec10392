import type { Observer, ObserverOptions } from './contract.js';
import { EngineObserver } from './engine-observer.js';
import { WorkerEngine } from './worker-engine.js';

export function openTypescriptObserver(options: ObserverOptions): Observer {
  return new EngineObserver('typescript', (onBatch) => new WorkerEngine(options, onBatch));
}
