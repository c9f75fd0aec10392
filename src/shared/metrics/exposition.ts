/**
 * Counters as Prometheus text (exposition format 0.0.4). The only file that knows prom-client; load
 * it only when metrics are asked for.
 *
 * `sections.transport.items` becomes `picket_transport_items_total`. A name ending in a unit of
 * time is said in seconds. What follows a dot is a label: `rejected.batch-invalid`,
 * `anomaly.port_zero`, and a shard for everything else (`queue_waiting.7`).
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Section to counter to value. Names are ours; only what follows a dot may be anything. */
export type MetricSections = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface ExpositionOptions {
  /** Values of `picket_info`. */
  info: Readonly<Record<string, string>>;
  /** What a counter means, for its HELP line; null when nothing more than its name is known. */
  help(section: string, counter: string): string | null;
}

/** These also fall; all others only rise while the process lives. */
const LEVELS = new Set([
  'busy_ns_per_packet',
  'capture_filter',
  'capture_relief',
  'checkpoint_bytes',
  'connected',
  'dead_letters',
  'depth_max',
  'held',
  'incidents_open',
  'journal_entries',
  'lag_s',
  'lag_us',
  'lease_owners',
  'leases_held',
  'loss_alarm',
  'lost_percent',
  'packets_per_s',
  'published_waiting',
  'queue_active',
  'queue_waiting',
  'recent_batches',
  'recent_bytes',
  'redis_used_bytes',
  'ring_used_percent',
  'shards_unheld',
  'members',
  'spool_batches',
  'spool_bytes',
  'waiting_batches',
  'waiting_frames',
  'watches',
]);
const LABELS: Readonly<Record<string, string>> = {
  anomaly: 'kind',
  rejected: 'reason',
  members: 'role',
};
const LABEL_DEFAULT = 'shard';
/** Series of one metric: 256 shards and the correlator. What is beyond is left out. */
const SERIES_MAX = 257;
const LABEL_SIZE_MAX = 100;

export class Exposition {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #help: ExpositionOptions['help'];
  /** Of the process: CPU, memory, event loop, under the names every Node program has. */
  readonly #process = new Registry();

  constructor({ info, help }: ExpositionOptions) {
    this.#help = help;
    collectDefaultMetrics({ register: this.#process });
    const labelNames = Object.keys(info);
    const about = { name: 'picket_info', help: 'What runs here; always 1.', labelNames };
    new Gauge({ ...about, registers: [this.#process] }).set({ ...info }, 1);
  }

  async text(sections: MetricSections): Promise<string> {
    const registry = new Registry();
    for (const [section, counters] of Object.entries(sections)) {
      for (const [base, series] of seriesOf(counters)) this.#add(registry, section, base, series);
    }
    return `${await registry.metrics()}\n${await this.#process.metrics()}`;
  }

  #add(registry: Registry, section: string, base: string, series: Series): void {
    const isLevel = LEVELS.has(base);
    const { stem, scale } = inSeconds(base);
    // `capture.capture_kernel_dropped` says its section twice.
    const own = stem.startsWith(`${section}_`) ? stem.slice(section.length + 1) : stem;
    const name = safe(`picket_${section}_${own}${isLevel ? '' : '_total'}`);
    const meaning = this.#help(section, base) ?? `${base} of ${section}`;
    const help = `${meaning[0].toUpperCase()}${meaning.slice(1)}.`;
    const label = LABELS[base] ?? LABEL_DEFAULT;
    const labelNames = [...series.keys()].some((of) => of !== null) ? [label] : [];
    const options = { name, help, labelNames, registers: [registry] };
    const write = isLevel ? setter(new Gauge(options)) : adder(new Counter(options));
    for (const [of, value] of series) write(of === null ? {} : { [label]: of }, value * scale);
  }
}

type Series = Map<string | null, number>;
type Write = (labels: Record<string, string>, value: number) => void;

/** By the name before the dot; of what follows it. What is not a count is left out. */
function seriesOf(counters: Readonly<Record<string, number>>): Map<string, Series> {
  const found = new Map<string, Series>();
  for (const [counter, value] of Object.entries(counters)) {
    if (!Number.isFinite(value)) continue;
    const dot = counter.indexOf('.');
    const base = dot < 0 ? counter : counter.slice(0, dot);
    const series = found.get(base) ?? new Map();
    found.set(base, series);
    if (series.size < SERIES_MAX) series.set(dot < 0 ? null : labelOf(counter, dot), value);
  }
  return found;
}

/** Reasons may come from a queue: printable ASCII, and not long. */
function labelOf(counter: string, dot: number): string {
  return counter
    .slice(dot + 1)
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, LABEL_SIZE_MAX);
}

function inSeconds(base: string): { stem: string; scale: number } {
  if (base.endsWith('_per_s')) return { stem: base.replace(/_s$/, '_second'), scale: 1 };
  if (base.endsWith('_us')) return { stem: base.replace(/_us$/, '_seconds'), scale: 1e-6 };
  if (base.endsWith('_ms')) return { stem: base.replace(/_ms$/, '_seconds'), scale: 1e-3 };
  return { stem: base.replace(/_s$/, '_seconds'), scale: 1 };
}

function setter(gauge: Gauge): Write {
  return (labels, value) => gauge.set(labels, value);
}

function adder(counter: Counter): Write {
  return (labels, value) => counter.inc(labels, Math.max(0, value));
}

function safe(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_');
}
