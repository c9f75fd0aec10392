/** Outputs that write one line per event: EVE JSON Lines, and short text for people watching. */
import type { Finding, Incident } from '../../packages/plugin-api/src/finding.js';
import type { Operational, Output } from './contract.js';
import {
  alertEvent,
  type EveEvent,
  eveLine,
  findingEvent,
  incidentEvent,
  operationalEvent,
  type StatsSections,
  statsEvent,
} from './eve.js';
import type { Lines } from './json-lines.js';
import { LiveLines } from './live-lines.js';

export interface EveOptions {
  /** Adds a Suricata-shaped `alert` to each finding that starts or escalates. */
  alerts: boolean;
  /** At `atUs`, packet time. */
  allowlisted(ip: string, atUs: number): boolean;
}

/** Writes lines and remembers whether the last one found room. */
abstract class LineOutput implements Output {
  #room: Promise<void> = Promise.resolve();

  constructor(private readonly lines: Lines) {}

  abstract finding(finding: Finding): void;
  abstract incident(incident: Incident): void;
  abstract operational(event: Operational): void;
  abstract stats(timeUs: number, sections: StatsSections): void;

  ready(): Promise<void> {
    return this.#room;
  }

  flush(): Promise<void> {
    return this.lines.flush();
  }

  close(): Promise<void> {
    return this.lines.close();
  }

  counters(): Record<string, number> {
    return { ...this.lines.stats() };
  }

  protected write(line: string): void {
    this.#room = this.lines.write(line);
  }
}

export class EveOutput extends LineOutput {
  constructor(
    lines: Lines,
    private readonly options: EveOptions,
  ) {
    super(lines);
  }

  finding(finding: Finding): void {
    const { source, lastSeenUs } = finding;
    const allowlisted = source !== null && this.options.allowlisted(source.ip, lastSeenUs);
    this.#event(findingEvent(finding, { allowlisted }));
    if (this.options.alerts && finding.state !== 'ended') this.#event(alertEvent(finding));
  }

  incident(incident: Incident): void {
    this.#event(incidentEvent(incident));
  }

  operational(event: Operational): void {
    this.#event(operationalEvent(event));
  }

  stats(timeUs: number, sections: StatsSections): void {
    this.#event(statsEvent(timeUs, sections));
  }

  #event(event: EveEvent): void {
    this.write(eveLine(event));
  }
}

export class LiveOutput extends LineOutput {
  readonly #text: LiveLines;

  /** `color` only for a terminal. */
  constructor(lines: Lines, color: boolean) {
    super(lines);
    this.#text = new LiveLines(color);
  }

  finding(finding: Finding): void {
    this.write(this.#text.finding(finding));
  }

  incident(incident: Incident): void {
    this.write(this.#text.incident(incident));
  }

  operational(event: Operational): void {
    this.write(this.#text.operational(event));
  }

  stats(timeUs: number, sections: StatsSections): void {
    this.write(this.#text.status(timeUs, sections));
  }
}
