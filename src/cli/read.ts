/** `picket read`: what do these captures contain? */
import { ReportOutput } from '../output/report-output.js';
import type { Damage } from '../output/report.js';
import { Pipeline } from '../pipeline.js';
import { ERROR_CODES } from '../shared/errors.js';
import { openLogger } from '../shared/logger.js';
import { configFor, type SharedFlags } from './flags.js';
import { requireHome } from './input.js';
import { fallbackText, openOutputs, printReport } from './outputs.js';
import { openProgressBar } from './progress.js';
import { onStopSignal } from './signals.js';

/**
 * Reads the files in the order given and reports. Returns 3 when one of them is damaged; everything
 * readable has been reported then.
 * @throws PicketError for what is wrong before reading begins.
 */
export async function read(files: string[], flags: SharedFlags): Promise<number> {
  const config = configFor(flags);
  requireHome(config);
  const log = openLogger(config.log.level, config.log.format);
  const report = flags.json ? null : new ReportOutput();
  const lineOutputs = await openOutputs(config, flags.json ? 'json' : 'nothing', log);
  const bar = openProgressBar();
  const damages: Damage[] = [];
  const pipeline = new Pipeline({
    config,
    input: { kind: 'files', paths: files },
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
    const summary = { inputs: files, homeNets: config.home_nets, damages };
    if (report) printReport(report, summary, pipeline);
    for (const { path, offset, reason } of damages) {
      const what = `${path}: damaged at byte ${offset}: ${reason}. What came before was read.`;
      process.stderr.write(`picket: ${what}\n`);
    }
  }
  return damages.length > 0 ? ERROR_CODES['input-damaged'].exit : 0;
}
