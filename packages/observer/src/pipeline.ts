/**
 * Frames in, batches out: decode -> observe -> batch, one packet at a time. The TypeScript
 * observer's front door; it knows nothing of files, interfaces or threads. Twin:
 * `native/core/pipeline.h`.
 */
import { CoverageField } from '../../plugin-api/src/batch-layout.js';
import { BatchEncoder, COVERAGE_FIELDS, type EpochFrame, shardOf } from './batch/encode.js';
import { ANOMALY_NAMES } from './decode/anomaly.js';
import { Decoder } from './decode/decoder.js';
import { parseHomeNet } from './home-net-text.js';
import { NONE } from './observe/address-index.js';
import { EarlyBatches } from './observe/early-batches.js';
import { Observer } from './observe/observer.js';
import type { ObserverOptions } from './options.js';

/**
 * How far capture time may be past an epoch's end before an idle link closes it: packets arrive
 * late.
 */
const TICK_GRACE_US = 200_000;

export class Pipeline {
  private readonly decoder: Decoder;
  private readonly observer: Observer;
  private readonly early = new EarlyBatches();
  private readonly encoder: BatchEncoder;
  private readonly frameOf: EpochFrame;
  private readonly sequences: Float64Array;
  private epochEndUs = -1;
  private frames = 0;
  private bytes = 0;
  private late = 0;
  private epochs = 0;
  private batches = 0;
  private partialBatches = 0;
  private batchBytes = 0;
  private droppedFrames = 0;
  /** Cumulative counts now and at the start of the epoch, indexed by CoverageField. */
  private readonly now = new Float64Array(COVERAGE_FIELDS);
  private readonly before = new Float64Array(COVERAGE_FIELDS);

  /** `sink` owns the bytes it is given. @throws RangeError for a home network that is none */
  constructor(
    private readonly options: ObserverOptions,
    private readonly sink: (shard: number, batch: Uint8Array) => void,
  ) {
    this.decoder = new Decoder(options.tables.fragmentsMax);
    this.observer = new Observer(options, options.homeNets.map(parseHomeNet));
    const { signaturesMax, singlesEmittedMax } = options.tables;
    this.encoder = new BatchEncoder(
      this.observer,
      signaturesMax,
      singlesEmittedMax,
      options.shardCount,
    );
    this.sequences = new Float64Array(options.shardCount);
    this.frameOf = {
      sensor: options.sensor,
      epochStartUs: 0,
      epochUs: options.epochUs,
      coverage: new Float64Array(COVERAGE_FIELDS),
    };
  }

  /**
   * Observes one frame, which begins at `from` in `bytes`. Sizes in bytes, time in microseconds
   * since 1970, `linkType` as in pcap files.
   */
  frame(
    bytes: Uint8Array,
    from: number,
    capturedSize: number,
    wireSize: number,
    timeUs: number,
    linkType: number,
  ): void {
    if (timeUs >= this.epochEndUs) this.turnEpoch(timeUs);
    else if (timeUs < this.frameOf.epochStartUs) this.late++;
    this.frames++;
    this.bytes += wireSize;
    if (!this.decoder.decode(bytes, from, capturedSize, wireSize, timeUs, linkType)) {
      this.observer.counts.notIp++;
      return;
    }
    const crossed = this.observer.observe(this.decoder.packet);
    if (crossed !== NONE && this.isDue(crossed)) this.emitPartial(crossed);
  }

  /** Live only: closes the epoch once capture time has moved past its end without packets. */
  tick(nowUs: number): void {
    if (this.epochEndUs >= 0 && nowUs >= this.epochEndUs + TICK_GRACE_US)
      this.turnEpoch(nowUs - TICK_GRACE_US);
  }

  /** Frames the capture itself lost, as they become known. */
  dropped(count: number): void {
    this.droppedFrames += count;
  }

  /** Closes the last epoch. Nothing may follow. */
  finish(): void {
    if (this.epochEndUs >= 0) this.emitFinal();
    this.epochEndUs = -1;
  }

  /** Cumulative counters by name, in a fixed order; the same as the native observer's. */
  stats(): [name: string, value: number][] {
    const { counts, sources, targets, hosts, signatures, flows, pendingUdp } = this.observer;
    return [
      ['frames', this.frames],
      ['bytes', this.bytes],
      ['dropped', this.droppedFrames],
      ['truncated', counts.truncated],
      ['late', this.late],
      ['not_ip', counts.notIp],
      ['outside', counts.outside],
      ['inbound', counts.inbound],
      ['outbound', counts.outbound],
      ['internal', counts.internal],
      ['duplicates', counts.duplicates],
      ['probes', counts.probes],
      ['orphans', counts.orphans],
      ['udp_direction_unknown', counts.udpDirectionUnknown],
      ['epochs', this.epochs],
      ['batches', this.batches],
      ['partial_batches', this.partialBatches],
      ['batch_bytes', this.batchBytes],
      ['sources_refused', sources.refused],
      ['targets_refused', targets.index.refused],
      ['hosts_refused', hosts.index.refused],
      ['contacts_refused', sources.contacts.refused + sources.targets.refused],
      ['sketches_refused', this.observer.largeSetsRefused],
      ['signatures_refused', signatures.refused],
      ['singles_folded', counts.singlesFolded],
      ['singles_dropped', this.encoder.singlesDropped],
      ['finds_refused', sources.finds.refused],
      ['payload_hits_refused', sources.payloads.hitsRefused],
      ['payload_samples_refused', sources.payloads.samplesRefused],
      ['flows_evicted', flows.evicted],
      ['pending_udp_evicted', pendingUdp.evicted],
      ...ANOMALY_NAMES.map((name, code): [string, number] => [
        `anomaly.${name}`,
        this.decoder.anomalyCounts[code],
      ]),
    ];
  }

  /** Ends the current epoch, if any, and starts the one `timeUs` lies in. */
  private turnEpoch(timeUs: number): void {
    if (this.epochEndUs >= 0) this.emitFinal();
    const { epochUs } = this.options;
    this.frameOf.epochStartUs = Math.floor(timeUs / epochUs) * epochUs;
    this.epochEndUs = this.frameOf.epochStartUs + epochUs;
    this.observer.epochStartUs = this.frameOf.epochStartUs;
  }

  private emitFinal(): void {
    this.observer.foldEarly();
    this.observer.sources.tallies.settle();
    this.measureCoverage(true);
    this.encoder.gather();
    for (let shard = 0; shard < this.options.shardCount; shard++) {
      this.deliver(shard, this.encoder.final(this.frameOf, shard, this.sequences[shard]++));
    }
    this.epochs++;
    this.observer.clear();
  }

  /** Whether a source that has just reached an early count is to be sent at once. */
  private isDue(source: number): boolean {
    const { index, reached } = this.observer.sources;
    return this.early.isDue(index, source, reached, this.frameOf.epochStartUs);
  }

  private emitPartial(source: number): void {
    this.measureCoverage(false);
    this.observer.sources.tallies.settle();
    const shard = shardOf(this.observer.sources.index.keyedHashOf(source), this.options.shardCount);
    const batch = this.encoder.partial(this.frameOf, shard, this.sequences[shard]++, source);
    this.partialBatches++;
    this.deliver(shard, batch);
  }

  private deliver(shard: number, batch: Uint8Array): void {
    this.batches++;
    this.batchBytes += batch.length;
    this.sink(shard, batch);
  }

  private measureCoverage(advance: boolean): void {
    const { counts, sources } = this.observer;
    const now = this.now;
    now[CoverageField.packets] = this.frames;
    now[CoverageField.inbound] = counts.inbound;
    now[CoverageField.outbound] = counts.outbound;
    now[CoverageField.dropped] = this.droppedFrames;
    now[CoverageField.truncated] = counts.truncated;
    now[CoverageField.sourcesRefused] = sources.refused;
    now[CoverageField.singlesFolded] = counts.singlesFolded;
    now[CoverageField.sketchesRefused] = this.observer.largeSetsRefused;
    for (let field = 0; field < COVERAGE_FIELDS; field++) {
      this.frameOf.coverage[field] = now[field] - this.before[field];
    }
    if (advance) this.before.set(now);
  }
}
