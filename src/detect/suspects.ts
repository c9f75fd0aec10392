/** Which of a source's contacts the correlator hears of: the new ones that nobody served. */
import {
  guessTools,
  Outcome,
  ProbeKind,
  SourceCounter,
  type SourceWindow,
  SUSPECT_CONTACTS_MAX,
  type Suspect,
} from '../../packages/plugin-api/src/index.js';
import { entityName, fingerprintOf, latin1Text } from './activity.js';

const DATA = Outcome.sourceData | Outcome.targetData;

/** Null when the source did nothing new in the epoch, or only things that worked. */
export function suspectOf(
  window: SourceWindow,
  epochStartUs: number,
  nowUs: number,
): Suspect | null {
  const contacts: Suspect['contacts'] = [];
  for (const contact of window.contacts.values()) {
    if (contact.firstUs < epochStartUs || contact.firstUs >= nowUs) continue;
    if (
      contact.kinds === 0 ||
      (contact.kinds & ~ProbeKind.inferred) === 0 ||
      (contact.outcome & DATA) !== 0
    )
      continue;
    const { protocol, port, tuple, firstUs, outcome } = contact;
    contacts.push({
      target: latin1Text(contact.target),
      protocol,
      port,
      tuple,
      timeUs: firstUs,
      open: (outcome & Outcome.open) !== 0,
    });
    if (contacts.length === SUSPECT_CONTACTS_MAX) break;
  }
  if (contacts.length === 0) return null;
  const [signature] = [...window.signatures].sort((a, b) => b[1] - a[1])[0] ?? [null];
  const syns = window.counter(SourceCounter.syn);
  const tool = guessTools(window)[0];
  return {
    source: entityName(window.tunnelKey, window.address),
    epochStartUs,
    judgedUs: nowUs,
    fingerprint: signature === null ? '' : fingerprintOf(signature).hash,
    tool: tool !== undefined && tool.confidence >= 0.5 ? tool.name : null,
    raw: syns > 0 && window.counter(SourceCounter.rawStack) >= syns / 2,
    runKey: window.runKey,
    proof:
      window.total(SourceCounter.established) > 0
        ? 2
        : window.total(SourceCounter.reset) > 0
          ? 1
          : 0,
    contacts,
  };
}
