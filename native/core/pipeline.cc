#include "pipeline.h"

#include "batch/encode.h"
#include "decode/anomaly_names.h"
#include "decode/decoder.h"
#include "observe/early_batches.h"
#include "observe/observer.h"

namespace picket {

namespace {

/// How far capture time may be past an epoch's end before an idle link closes it: packets arrive
/// late.
constexpr int64_t TICK_GRACE_US = 200'000;

}  // namespace

/// Everything behind the front door, and the loop that reads top to bottom.
struct Pipeline::State {
  State(const ObserverConfig& options, BatchSink& batch_sink)
      : config(options),
        sink(batch_sink),
        decoder(options.tables.fragments_max),
        observer(options),
        encoder(observer, options.tables, options.shard_count),
        sequences(options.shard_count) {
    epoch.sensor = options.sensor;
    epoch.epoch_us = options.epoch_us;
  }

  void frame(const uint8_t* frame_bytes, uint32_t captured, uint32_t wire, int64_t time_us,
             uint32_t link_type);
  /// Ends the current epoch, if any, and starts the one `time_us` lies in.
  void turn_epoch(int64_t time_us);
  void emit_final();
  bool is_due(uint32_t source);
  void emit_partial(uint32_t source);
  void deliver(uint32_t shard, std::vector<uint8_t>&& batch);
  void measure_coverage(bool advance);

  const ObserverConfig config;
  BatchSink& sink;
  Decoder decoder;
  Observer observer;
  EarlyBatches early;
  BatchEncoder encoder;
  EpochFrame epoch;
  std::vector<uint64_t> sequences;
  int64_t epoch_end_us = -1;
  uint64_t frames = 0;
  uint64_t bytes = 0;
  uint64_t late = 0;
  uint64_t epochs = 0;
  uint64_t batches = 0;
  uint64_t partial_batches = 0;
  uint64_t batch_bytes = 0;
  uint64_t dropped_frames = 0;
  /// Cumulative counts at the start of the epoch.
  uint64_t before[COVERAGE_FIELD_COUNT] = {};
};

void Pipeline::State::frame(const uint8_t* frame_bytes, uint32_t captured, uint32_t wire,
                            int64_t time_us, uint32_t link_type) {
  if (time_us >= epoch_end_us) {
    turn_epoch(time_us);
  } else if (time_us < epoch.epoch_start_us) {
    late++;
  }
  frames++;
  bytes += wire;
  const Packet& packet = decoder.decode(frame_bytes, captured, wire, time_us, link_type);
  if (packet.ip_version == 0) {
    observer.counts.not_ip++;
    return;
  }
  const uint32_t crossed = observer.observe(packet);
  if (crossed != NONE && is_due(crossed)) emit_partial(crossed);
}

void Pipeline::State::turn_epoch(int64_t time_us) {
  if (epoch_end_us >= 0) emit_final();
  epoch.epoch_start_us = time_us - time_us % config.epoch_us;
  epoch_end_us = epoch.epoch_start_us + config.epoch_us;
  observer.epoch_start_us = epoch.epoch_start_us;
}

void Pipeline::State::emit_final() {
  observer.fold_early();
  observer.sources.tally.settle();
  measure_coverage(true);
  encoder.gather();
  for (uint32_t shard = 0; shard < config.shard_count; shard++) {
    deliver(shard, encoder.final(epoch, shard, sequences[shard]++));
  }
  epochs++;
  observer.clear();
}

/// Whether a source that has just reached an early count is to be sent at once.
bool Pipeline::State::is_due(uint32_t source) {
  const Sources& sources = observer.sources;
  return early.is_due(sources.index.hash(source), sources.index.key(source),
                      sources.index.address(source), sources.reached, epoch.epoch_start_us);
}

void Pipeline::State::emit_partial(uint32_t source) {
  measure_coverage(false);
  observer.sources.tally.settle();
  const uint32_t hash = observer.sources.index.hash(source);
  const uint32_t shard = shard_of(hash, config.shard_count);
  partial_batches++;
  deliver(shard, encoder.partial(epoch, shard, sequences[shard]++, source));
}

void Pipeline::State::deliver(uint32_t shard, std::vector<uint8_t>&& batch) {
  batches++;
  batch_bytes += batch.size();
  sink.batch(shard, std::move(batch));
}

void Pipeline::State::measure_coverage(bool advance) {
  uint64_t now[COVERAGE_FIELD_COUNT];
  now[COVERAGE_PACKETS] = frames;
  now[COVERAGE_INBOUND] = observer.counts.inbound;
  now[COVERAGE_OUTBOUND] = observer.counts.outbound;
  now[COVERAGE_DROPPED] = dropped_frames;
  now[COVERAGE_TRUNCATED] = observer.counts.truncated;
  now[COVERAGE_SOURCES_REFUSED] = observer.sources.refused;
  now[COVERAGE_SINGLES_FOLDED] = observer.counts.singles_folded;
  now[COVERAGE_SKETCHES_REFUSED] = observer.large_sets_refused();
  for (uint32_t field = 0; field < COVERAGE_FIELD_COUNT; field++) {
    epoch.coverage[field] = now[field] - before[field];
    if (advance) before[field] = now[field];
  }
}

Pipeline::Pipeline(const ObserverConfig& config, BatchSink& sink)
    : state_(new State(config, sink)) {}

Pipeline::~Pipeline() { delete state_; }

void Pipeline::frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
                     uint32_t link_type) {
  state_->frame(bytes, captured, wire, time_us, link_type);
}

void Pipeline::tick(int64_t now_us) {
  const int64_t end_us = state_->epoch_end_us;
  if (end_us >= 0 && now_us >= end_us + TICK_GRACE_US) state_->turn_epoch(now_us - TICK_GRACE_US);
}

void Pipeline::dropped(uint64_t count) { state_->dropped_frames += count; }

void Pipeline::finish() {
  if (state_->epoch_end_us >= 0) state_->emit_final();
  state_->epoch_end_us = -1;
}

std::vector<std::pair<std::string, uint64_t>> Pipeline::stats() const {
  const State& s = *state_;
  const Observer& o = s.observer;
  const ObserveCounts& counts = o.counts;
  std::vector<std::pair<std::string, uint64_t>> stats = {
      {"frames", s.frames},
      {"bytes", s.bytes},
      {"dropped", s.dropped_frames},
      {"truncated", counts.truncated},
      {"late", s.late},
      {"not_ip", counts.not_ip},
      {"outside", counts.outside},
      {"inbound", counts.inbound},
      {"outbound", counts.outbound},
      {"internal", counts.internal},
      {"duplicates", counts.duplicates},
      {"probes", counts.probes},
      {"orphans", counts.orphans},
      {"udp_direction_unknown", counts.udp_direction_unknown},
      {"epochs", s.epochs},
      {"batches", s.batches},
      {"partial_batches", s.partial_batches},
      {"batch_bytes", s.batch_bytes},
      {"sources_refused", o.sources.refused},
      {"targets_refused", o.targets.index.refused},
      {"hosts_refused", o.hosts.index.refused},
      {"contacts_refused", o.sources.contacts.refused + o.sources.targets.refused()},
      {"sketches_refused", o.large_sets_refused()},
      {"signatures_refused", o.signatures.refused},
      {"singles_folded", counts.singles_folded},
      {"singles_dropped", s.encoder.singles_dropped},
      {"finds_refused", o.sources.finds.refused},
      {"payload_hits_refused", o.sources.payloads.hits_refused},
      {"payload_samples_refused", o.sources.payloads.samples_refused},
      {"flows_evicted", o.flows.evicted},
      {"pending_udp_evicted", o.pending_udp.evicted},
  };
  for (size_t code = 0; code < ANOMALY_NAMES.size(); code++) {
    stats.emplace_back(std::string("anomaly.") + ANOMALY_NAMES[code],
                       s.decoder.anomaly_counts()[code]);
  }
  return stats;
}

}  // namespace picket
