/** The fields every verdict about a source's probes fills the same way. */
import {
  type Contact,
  mainProtocol,
  probesOf,
  type SourceSummary,
  type SourceWindow,
  type Verdict,
} from '../../plugin-api/src/index.js';

/** First and last packet time of some contacts, or of the whole summary when there are none. */
export function spanOf(contacts: readonly Contact[], summary: SourceSummary, window: SourceWindow) {
  if (contacts.length === 0)
    return summary.contacts.length > 0
      ? { firstSeenUs: summary.firstSeenUs, lastSeenUs: summary.lastSeenUs }
      : { firstSeenUs: window.firstSeenUs, lastSeenUs: window.lastSeenUs };
  let firstSeenUs = Number.POSITIVE_INFINITY;
  let lastSeenUs = 0;
  for (const contact of contacts) {
    firstSeenUs = Math.min(firstSeenUs, contact.firstUs);
    lastSeenUs = Math.max(lastSeenUs, contact.lastUs);
  }
  return { firstSeenUs, lastSeenUs };
}

/** The target when all contacts have the same one, else null. */
export function onlyTarget(contacts: readonly Contact[]): string | null {
  const first = contacts[0]?.target ?? null;
  return contacts.every((contact) => contact.target === first) ? first : null;
}

/** Span, protocol and probe of a verdict about `contacts` (all of the summary's when empty). */
export function aboutContacts(
  contacts: readonly Contact[],
  summary: SourceSummary,
  window: SourceWindow,
): Pick<Verdict, 'source' | 'firstSeenUs' | 'lastSeenUs' | 'protocol' | 'probe'> {
  const about = contacts.length > 0 ? contacts : summary.contacts;
  return {
    source: null,
    ...spanOf(contacts, summary, window),
    protocol: mainProtocol(about),
    probe: probesOf(about)[0],
  };
}
