/**
 * Writes a source's decided contacts to the long memory of a worker, and reads it for the
 * detectors.
 */
import {
  type Circumstances,
  type Contact,
  fateOf,
  Histories,
  isRawSource,
  Outcome,
  type SourceHistory,
  type SourceWindow,
} from '../../packages/plugin-api/src/index.js';

/** Detectors whose findings mean that the source is known already, and its memory starts anew. */
const FAST_KINDS = new Set(['address_scan', 'port_scan', 'random_scan', 'fan_out']);
const NONE = -1;

export class Memory {
  readonly histories: Histories;

  constructor(sourcesMax: number) {
    this.histories = new Histories(sourcesMax);
  }

  /** Takes in what has been decided since the last look. True when something is still pending. */
  remember(key: string, window: SourceWindow, circumstances: Circumstances): boolean {
    const nowS = Math.floor(circumstances.nowUs / 1e6);
    let pending = false;
    let record = NONE;
    for (const contact of window.contacts.values()) {
      if (contact.remembered !== 0) {
        if (contact.remembered === 2 && contact.lastUs > circumstances.nowUs - 1e6)
          record = this.repeat(key, record);
        continue;
      }
      const fate = fateOf(contact, circumstances.nowUs, circumstances.atEnd);
      if (fate === 'pending') pending = true;
      else if (fate !== 'none') record = this.note(key, contact, fate === 'served', nowS);
    }
    if (record !== NONE && isRawSource(window)) this.histories.noteRaw(record);
    return pending;
  }

  /** A faster detector has the source. */
  noteFast(key: string, kind: string, nowUs: number): void {
    if (!FAST_KINDS.has(kind)) return;
    const record = this.histories.find(key);
    if (record !== NONE) this.histories.noteFast(record, Math.floor(nowUs / 1e6));
  }

  /** The source's history for detectors, or null when nothing of it failed. */
  of(key: string, nowUs: number): SourceHistory | null {
    const record = this.histories.find(key);
    if (record === NONE || this.histories.failedCount(record) === 0) return null;
    const { histories } = this;
    return {
      likelihood: histories.likelihood(record),
      raw: histories.isRaw(record),
      repeatRatio: histories.repeatRatio(record),
      failedCount: histories.failedCount(record),
      summarize: (horizonS) => histories.summarize(record, horizonS, Math.floor(nowUs / 1e6)),
    };
  }

  private note(key: string, contact: Contact, served: boolean, nowS: number): number {
    contact.remembered = served ? 1 : 2;
    const { target, protocol, port } = contact;
    const seconds = Math.min(Math.floor(contact.firstUs / 1e6), nowS);
    return this.histories.note(key, target, protocol, port, served, isSilent(contact), seconds);
  }

  private repeat(key: string, record: number): number {
    const known = record === NONE ? this.histories.find(key) : record;
    if (known !== NONE) this.histories.noteRepeat(known);
    return known;
  }
}

function isSilent(contact: Contact): boolean {
  return (contact.outcome & (Outcome.open | Outcome.closed)) === 0;
}
