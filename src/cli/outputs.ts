/** Opens the outputs a run asked for. */
import type { PicketConfig } from '../config/schema.js';
import type { Operational, Output } from '../output/contract.js';
import { linesToFile, linesToStream } from '../output/json-lines.js';
import { EveOutput, LiveOutput } from '../output/line-outputs.js';
import { operationalText } from '../output/live-lines.js';
import type { ReportSummary } from '../output/report.js';
import type { ReportOutput } from '../output/report-output.js';
import type { Pipeline } from '../pipeline.js';
import { Allowlist } from '../shared/allowlist.js';
import type { PicketError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { print } from './stdout.js';

/**
 * `show` is what standard output carries while running; the report is its caller's. `allowlisted`
 * is asked for every finding.
 * @throws PicketError `output-failed` when the EVE file cannot be opened.
 */
export async function openOutputs(
  config: PicketConfig,
  show: 'json' | 'live' | 'nothing',
  log: Logger,
  allowlisted = new Allowlist(config.allowlist).contains,
): Promise<Output[]> {
  const { eve } = config.outputs;
  const onTrouble = ({ code, message }: PicketError) => {
    // Standard output's own listener ends the program when its reader has left.
    if (code !== 'output-closed') log.error({ code }, message);
  };
  const outputs: Output[] = [];
  if (show === 'json') {
    const lines = linesToStream(process.stdout, onTrouble);
    outputs.push(new EveOutput(lines, { alerts: eve.alerts, allowlisted }));
  }
  if (show === 'live') {
    const lines = linesToStream(process.stdout, onTrouble);
    outputs.push(new LiveOutput(lines, colorWanted(process.stdout)));
  }
  if (eve.enabled) {
    const lines = await linesToFile(eve.path, onTrouble);
    outputs.push(new EveOutput(lines, { alerts: eve.alerts, allowlisted }));
  }
  return outputs;
}

/** Terminals get colours unless NO_COLOR is set (no-color.org). */
export function colorWanted(stream: { isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR;
}

/** Prints the report on standard output; nothing when no packet was judged and it ended early. */
export function printReport(
  report: ReportOutput,
  summary: Pick<ReportSummary, 'inputs' | 'homeNets' | 'damages'>,
  pipeline: Pipeline,
): void {
  if (pipeline.span.lastUs === null && !pipeline.isComplete) return;
  const page = { color: colorWanted(process.stdout), width: process.stdout.columns ?? 80 };
  const note = pipeline.fellBack === undefined ? {} : { note: fallbackText(pipeline.fellBack) };
  print(report.render({ ...summary, ...pipeline.span, sources: null, ...note }, page));
}

/** What to tell when the native observer was not taken; `reason` is a clause. */
export function fallbackText(reason: string): string {
  return `using the TypeScript observer, which is slower: ${reason}`;
}

/** Says in the log that a sustained loss of packets began or ended. */
export function logLoss(log: Logger, event: Omit<Operational, 'timeUs'> | null): void {
  if (event === null) return;
  const text = operationalText(event);
  if (event.state === 'started') log.warn({ sensor: event.sensor }, text);
  else log.info({ sensor: event.sensor }, text);
}

/** What to tell when the interface is lost for now; `reason` is a sentence or two. */
export function interruptionText(reason: string): string {
  return `nothing can be seen until it is back: ${reason}`;
}
