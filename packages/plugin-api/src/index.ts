/** What a detector author sees. Built-in detectors import nothing else of Picket. */
export {
  decodeBatch,
  readBatchHeader,
  type Batch,
  type HostObservation,
  type Origin,
  type SourceObservation,
  type TargetObservation,
} from './batch.js';
export * from './batch-layout.js';
export * from './contact.js';
export * from './detector.js';
export * from './finding.js';
export { type Find, Finds } from './finds.js';
export { Histories, type HistorySummary, SCANNER_AT } from './history.js';
export * from './suspect.js';
export * from './traffic.js';
export * from './summary.js';
export { printable } from './http-request.js';
export { type HelloShape, PayloadEvidence, type PayloadHit, Recent } from './payload-evidence.js';
export { PAYLOAD_SIGNATURES, type PayloadSignature } from './payload-signatures.js';
export { percentOf } from './percent.js';
export { ContactList } from './contact-list.js';
export { NumberSet } from './number-set.js';
export { MinuteCounters } from './minute-counters.js';
export { Past } from './past.js';
export { PortSet } from './port-set.js';
export { isScattered, SCATTER_SAMPLE } from './scatter.js';
export { Sketch } from './sketch.js';
export { formatSynSignature } from './syn-signature.js';
export { TargetWindow } from './target-window.js';
export * from './tools.js';
export { Overflow } from './overflow.js';
export * from './window.js';
