/** Of `picket read` what comes after the first packet: judging, printing, ending. */
import type { Input } from '../capture/contract.js';
import type { HeadStart } from '../capture/head-start.js';
import type { PicketConfig } from '../config/schema.js';
import { ReportOutput } from '../output/report-output.js';
import type { Damage } from '../output/report.js';
import { Pipeline } from '../pipeline.js';
import { judgesInline } from '../pipeline-options.js';
import { ERROR_CODES } from '../shared/errors.js';
import { openLogger } from '../shared/logger.js';
import { fallbackText, openOutputs, printReport } from './outputs.js';
import { openProgressBar } from './progress.js';
import { onStopSignal } from './signals.js';

export interface Reading {
  config: PicketConfig;
  input: Input & { kind: 'files' };
  /** Reads already; null leaves the choice to the pipeline. */
  observer: HeadStart | null;
  /** Events instead of the report. */
  json: boolean;
}

/** As `read`. */
export async function readOn(reading: Reading): Promise<number> {
  try {
    return await judge(reading);
  } catch (error) {
    await reading.observer?.abandon();
    throw error;
  }
}

async function judge({ config, input, observer, json }: Reading): Promise<number> {
  const log = openLogger(config.log.level, config.log.format);
  const report = json ? null : new ReportOutput();
  const lineOutputs = await openOutputs(config, json ? 'json' : 'nothing', log);
  const bar = openProgressBar();
  const damages: Damage[] = [];
  const openJudge = judgesInline(config) && (await import('../detect/shard-judge.js')).openJudge;
  const pipeline = new Pipeline({
    config,
    input,
    ...(observer && { observer }),
    ...(openJudge && { openJudge }),
    order: 'canonical',
    outputs: report ? [...lineOutputs, report] : lineOutputs,
    progress: (readBytes, totalBytes, path) => bar.update(readBytes, totalBytes, path),
    damage: (path, offset, reason) => damages.push({ path, offset, reason }),
  });
  if (pipeline.fellBack !== undefined) log.warn({}, fallbackText(pipeline.fellBack));
  const release = onStopSignal(() => pipeline.stop());
  try {
    await pipeline.run();
  } finally {
    bar.clear();
    release();
    // Also when it ends with an error: everything readable is reported.
    const summary = { inputs: input.paths, homeNets: config.home_nets, damages };
    if (report) printReport(report, summary, pipeline);
    for (const { path, offset, reason } of damages) {
      const what = `${path}: damaged at byte ${offset}: ${reason}. What came before was read.`;
      process.stderr.write(`picket: ${what}\n`);
    }
  }
  return damages.length > 0 ? ERROR_CODES['input-damaged'].exit : 0;
}
