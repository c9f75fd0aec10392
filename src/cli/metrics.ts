/** `/metrics` of a command that runs on, when `metrics.listen` says where. */
import { LOAD_MEANINGS } from '../capture/load-meter.js';
import type { PicketConfig } from '../config/schema.js';
import { meaningOf } from '../output/losses.js';
import type { Logger } from '../shared/logger.js';
import type { MetricSections } from '../shared/metrics/exposition.js';
import { ownPackage } from '../shared/program-file.js';

/**
 * Opens it, or does nothing where it is off; returns how to end it. `read` is asked at a scrape and
 * must be cheap: it runs in the thread that moves batches.
 * @throws PicketError `metrics-unavailable`.
 */
export async function openMetrics(
  command: string,
  config: PicketConfig,
  log: Logger,
  read: () => MetricSections | Promise<MetricSections>,
): Promise<() => void> {
  const { listen } = config.metrics;
  if (listen === '') return () => {};
  const { Exposition } = await import('../shared/metrics/exposition.js');
  const { serveMetrics } = await import('../shared/metrics/server.js');
  const info = { version: ownPackage().version, command, sensor: config.sensor };
  const help = (section: string, counter: string): string | null =>
    (section === 'capture' && LOAD_MEANINGS[counter]) || meaningOf(section, counter);
  const exposition = new Exposition({ info, help });
  const server = await serveMetrics(listen, exposition.contentType, async () =>
    exposition.text(await read()),
  );
  log.info({ url: `http://${server.address}/metrics` }, 'metrics');
  return () => server.close();
}
