#include "runner.h"

#ifdef __linux__
#include <sys/resource.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstring>

#include "capabilities.h"

namespace picket {
namespace {

/// Bytes of batches that JavaScript has not taken care of yet. An epoch of a spoofed flood at the
/// default table sizes is about 20 MB; with twice that, one epoch is built while one is judged.
constexpr size_t OUTSTANDING_SIZE_MAX = 40 * 1024 * 1024;
/// Live, a batch that finds no room waits this long, then is dropped and counted: a judge that
/// stands still for longer has failed, and the kernel's ring has overflowed before.
constexpr std::chrono::seconds LIVE_WAIT_MAX{2};
/// Frames between two looks at the counters, a few hundredths of a second of reading.
constexpr uint64_t STATS_PERIOD = 65536;

/// Packets that nobody takes are lost, while a judgement can wait: where the process may, this
/// thread goes before its others. On Linux `who` 0 is the calling thread (setpriority(2), notes).
void go_first() {
#ifdef __linux__
  constexpr int NICE = -10;
  setpriority(PRIO_PROCESS, 0, NICE);
#endif
}

}  // namespace

Runner::Runner(const ObserverConfig& config, RunnerEvents& events)
    : events_(events), pipeline_(config, *this) {
  publish_stats();
  thread_ = std::thread([this] {
    go_first();
    loop();
  });
}

Runner::~Runner() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_.store(true);
    stop_.store(true);
  }
  commands_changed_.notify_all();
  room_changed_.notify_all();
  may_proceed_changed_.notify_all();
  thread_.join();
}

void Runner::read_file(std::string path) {
  enqueue({Verb::read_file, std::move(path), {}, {}});
}
void Runner::push(std::vector<uint8_t> chunk) {
  enqueue({Verb::push, {}, std::move(chunk), {}});
}
void Runner::end_stream() {
  enqueue({Verb::end_stream, {}, {}, {}});
}
void Runner::watch(LiveOptions options) {
  enqueue({Verb::watch, {}, {}, std::move(options)});
}
void Runner::finish() {
  enqueue({Verb::finish, {}, {}, {}});
}

void Runner::enqueue(Command command) {
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  commands_changed_.notify_one();
}

void Runner::loop() {
  for (Command command; next(command);) {
    CommandResult result = carry_out(command);
    publish_stats();
    if (!abandoned_.load()) events_.done(std::move(result));
  }
}

bool Runner::next(Command& command) {
  std::unique_lock lock(mutex_);
  commands_changed_.wait(lock, [this] { return abandoned_.load() || !commands_.empty(); });
  if (abandoned_.load()) return false;
  command = std::move(commands_.front());
  commands_.pop_front();
  return true;
}

CommandResult Runner::carry_out(Command& command) {
  switch (command.verb) {
    case Verb::read_file:
      return run_file(command.path);
    case Verb::push:
      return run_chunk(command.chunk);
    case Verb::end_stream:
      return run_end_stream();
    case Verb::watch:
      return run_watch(command.live);
    case Verb::finish:
      pipeline_.finish();
      return {};
  }
  return {};
}

CommandResult Runner::run_file(const std::string& path) {
  read_bytes_.store(0, std::memory_order_relaxed);
  const FileResult file = read_capture_file(path, *this, stop_, read_bytes_);
  CommandResult result;
  if (file.open_error != 0) {
    result.kind = CommandResult::Kind::open_failed;
    result.error = file.open_error;
    result.reason = std::strerror(file.open_error);
  } else if (file.damage) {
    result.kind = CommandResult::Kind::damaged;
    result.offset = file.damage->offset;
    result.reason = file.damage->reason;
  }
  return result;
}

CommandResult Runner::run_chunk(const std::vector<uint8_t>& chunk) {
  if (!stream_) stream_.emplace(static_cast<FrameSink&>(*this));
  if (!stop_.load(std::memory_order_relaxed)) stream_->push(chunk.data(), chunk.size());
  return {};
}

CommandResult Runner::run_end_stream() {
  CommandResult result;
  if (!stream_) stream_.emplace(static_cast<FrameSink&>(*this));
  // A stream that was stopped ends anywhere, which is no damage.
  if (!stop_.load(std::memory_order_relaxed)) stream_->end();
  if (const auto& damage = stream_->damage()) {
    result.kind = CommandResult::Kind::damaged;
    result.offset = damage->offset;
    result.reason = damage->reason;
  }
  stream_.reset();
  return result;
}

CommandResult Runner::run_watch(const LiveOptions& options) {
  is_live_ = true;
  const LiveResult live = watch_interface(options, *this, stop_);
  CommandResult result;
  if (live.problem != LiveProblem::none) {
    result.kind = CommandResult::Kind::live_failed;
    result.problem = live.problem;
    result.was_open = live.was_open;
    result.reason = live.detail;
  }
  return result;
}

void Runner::proceed() {
  {
    const std::lock_guard lock(mutex_);
    may_proceed_ = true;
  }
  may_proceed_changed_.notify_one();
}

/// While this thread waits, the process may become another user. The thread keeps what it takes to
/// open the interface again when its link comes back.
void Runner::opened() {
  keep_capabilities_over_setuid();
  {
    const std::lock_guard lock(mutex_);
    may_proceed_ = false;
  }
  events_.opened();
  std::unique_lock lock(mutex_);
  const auto is_over = [this] { return may_proceed_ || abandoned_.load() || stop_.load(); };
  // `stop` wakes nobody: it is looked at as often as capture itself does.
  while (!may_proceed_changed_.wait_for(lock, std::chrono::milliseconds(TICK_MS), is_over)) {
  }
  keep_only_net_raw();
}

void Runner::batch(uint32_t shard, std::vector<uint8_t>&& bytes) {
  if (wait_for_room(bytes.size())) {
    events_.batch(shard, std::move(bytes));
  } else {
    batches_dropped_++;
  }
}

/// Takes up room for `size` bytes, waiting for it if need be. A batch larger than all the room
/// there is goes alone.
bool Runner::wait_for_room(size_t size) {
  std::unique_lock lock(mutex_);
  const auto has_room = [this, size] {
    return abandoned_.load() || outstanding_size_ == 0 ||
           outstanding_size_ + size <= OUTSTANDING_SIZE_MAX;
  };
  if (!is_live_) {
    room_changed_.wait(lock, has_room);
  } else if (!has_room()) {
    if (is_congested_ || !room_changed_.wait_for(lock, LIVE_WAIT_MAX, has_room)) {
      is_congested_ = true;
      return false;
    }
  }
  is_congested_ = false;
  outstanding_size_ += size;
  return !abandoned_.load();
}

void Runner::release(size_t size) {
  {
    const std::lock_guard lock(mutex_);
    outstanding_size_ -= size < outstanding_size_ ? size : outstanding_size_;
  }
  room_changed_.notify_one();
}

void Runner::frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
                   uint32_t link_type) {
  pipeline_.frame(bytes, captured, wire, time_us, link_type);
  if (++frame_count_ % STATS_PERIOD == 0) publish_stats();
}

void Runner::tick(int64_t now_us) {
  pipeline_.tick(now_us);
  publish_stats();
}

void Runner::dropped(uint64_t kernel, uint64_t interface) {
  kernel_dropped_ += kernel;
  interface_dropped_ += interface;
  pipeline_.dropped(kernel + interface);
}

void Runner::kept_up(const LiveLoad& load) {
  busy_us_ += static_cast<uint64_t>(load.busy_us);
  loads_[load_count_++ % loads_.size()] = load;
}

void Runner::publish_stats() {
  Stats stats = pipeline_.stats();
  stats.emplace_back("capture_kernel_dropped", kernel_dropped_);
  stats.emplace_back("capture_interface_dropped", interface_dropped_);
  // Always 0 here: the TypeScript observer sets it, whose capture cannot tell.
  stats.emplace_back("capture_losses_unknown", 0);
  stats.emplace_back("batches_dropped", batches_dropped_);
  if (is_live_) add_load(stats);
  const std::lock_guard lock(mutex_);
  stats_ = std::move(stats);
}

/// Processor time, cumulative, and the levels: the most of the last ten seconds.
void Runner::add_load(Stats& stats) const {
  LiveLoad most;
  for (const LiveLoad& load : loads_) {
    most.waited_us = std::max(most.waited_us, load.waited_us);
    most.waiting_count = std::max(most.waiting_count, load.waiting_count);
  }
  stats.emplace_back("busy_us", busy_us_);
  stats.emplace_back("lag_us", static_cast<uint64_t>(most.waited_us));
  stats.emplace_back("waiting_frames", most.waiting_count);
}

Runner::Stats Runner::stats() {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace picket
