/** The scans whose results a later source may be using: open ones, and those of the last day. */
import type { Activity } from '../../packages/plugin-api/src/finding.js';
import { actorKey } from './actor-key.js';
import type { OpenIncident } from './incident.js';
import { areNear, canInform, chanceOf, type Learned } from './informed.js';
import { limits } from './limits.js';

/** Where a source's knowledge comes from. */
export interface Informer {
  /** The open incident, or null when it has ended. */
  incident: OpenIncident | null;
  id: string;
  /** The odds that it is a coincidence. */
  chance: number;
}

interface Candidate {
  incident: OpenIncident | null;
  id: string;
  learned: Learned;
  ips: string[];
}

/** Packet time for which the list of open scans is good: a new one has told nobody yet. */
const FRESH_US = 1_000_000;
/** How long what a scan learned is held against later sources. */
const LEARNED_US = 24 * 3600 * 1e6;

export class Informers {
  /** What ended scans learned, oldest first. */
  #ended: (Candidate & { endedUs: number })[] = [];
  /** Open scans as of `#openUs`. */
  #open: Candidate[] = [];
  #openUs = Number.NEGATIVE_INFINITY;

  /** The state, for a checkpoint. */
  pack() {
    return {
      ended: this.#ended,
      open: this.#open,
      openUs: this.#openUs,
    };
  }

  static unpack(packed: ReturnType<Informers['pack']>): Informers {
    const made = new Informers();
    made.#ended = packed.ended;
    made.#open = packed.open;
    made.#openUs = packed.openUs;
    return made;
  }

  /** An incident that is open no more, closed or merged into another. */
  forget(incident: OpenIncident): void {
    this.#open = this.#open.filter((candidate) => candidate.incident !== incident);
  }

  /** Keeps what a scan learned after its end. */
  remember(incident: OpenIncident, endedUs: number): void {
    this.forget(incident);
    const learned = incident.phases.has('breadth') ? incident.learned() : null;
    if (!learned || !canInform(learned)) return;
    this.#ended.push({ incident: null, id: incident.id, learned, ips: incident.ips, endedUs });
    if (this.#ended.length > limits.learnedMax) this.#ended.shift();
  }

  /**
   * The scan that a source of `incident` was told by, or null. `openIncidents` gives them all,
   * oldest first; asked at most once a second of packet time.
   */
  find(
    activity: Activity,
    incident: OpenIncident,
    timeUs: number,
    openIncidents: () => OpenIncident[],
  ): Informer | null {
    if (!hasMore(activity, incident)) return null;
    if (timeUs - this.#openUs >= FRESH_US) {
      this.#open = candidatesOf(openIncidents());
      this.#openUs = timeUs;
    }
    const earlier = this.#open.filter(
      (candidate) =>
        candidate.incident !== incident &&
        (candidate.incident?.firstSeenUs ?? 0) < incident.firstSeenUs,
    );
    const ended = this.#ended.filter(
      ({ id, endedUs }) => id !== incident.id && timeUs - endedUs <= LEARNED_US,
    );
    for (const candidate of [...earlier, ...ended]) {
      const near = candidate.ips.some((ip) => areNear(ip, activity.source.ip));
      const chance = chanceOf(activity, candidate.learned, near);
      if (chance !== null) return { incident: candidate.incident, id: candidate.id, chance };
    }
    return null;
  }
}

/** Only more exposed services than at the source's last test can change its result. */
function hasMore(activity: Activity, { tested }: OpenIncident): boolean {
  const key = actorKey(activity.source);
  if (activity.exposed.length <= (tested.get(key) ?? 0)) return false;
  tested.set(key, activity.exposed.length);
  return true;
}

/** The latest ones: each costs a comparison per source and epoch. */
function candidatesOf(incidents: OpenIncident[]): Candidate[] {
  return incidents
    .filter((incident) => incident.phases.has('breadth') && incident.exposedCount > 0)
    .slice(-limits.informersMax)
    .map((incident) => ({
      incident,
      id: incident.id,
      learned: incident.learned(),
      ips: incident.ips,
    }))
    .filter(({ learned }) => canInform(learned));
}
