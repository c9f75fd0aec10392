/// The thread that captures and observes. Takes commands in order, says when each is done, and
/// hands over batches no faster than they are taken. Knows no Node: the JavaScript side is behind
/// RunnerEvents.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "capture/file_source.h"
#include "capture/live_source.h"
#include "capture/parser.h"
#include "pipeline.h"

namespace picket {

/// How a command ended. Kinds other than `ok` are explained by `reason`.
struct CommandResult {
  enum class Kind : uint8_t { ok, damaged, open_failed, live_failed };
  Kind kind = Kind::ok;
  uint64_t offset = 0;                      ///< damaged: bytes from the start of the file
  int error = 0;                            ///< open_failed: errno
  LiveProblem problem = LiveProblem::none;  ///< live_failed
  bool was_open = false;                    ///< live_failed: after having been watched
  std::string reason;
};

/// Called on the runner's thread.
class RunnerEvents {
 public:
  virtual ~RunnerEvents() = default;
  virtual void batch(uint32_t shard, std::vector<uint8_t>&& bytes) = 0;
  /// `watch` has its interface, and waits for `proceed` or `stop`.
  virtual void opened() = 0;
  virtual void done(CommandResult&& result) = 0;
};

class Runner : private BatchSink, private LiveSink {
 public:
  using Stats = std::vector<std::pair<std::string, uint64_t>>;

  Runner(const ObserverConfig& config, RunnerEvents& events);
  /// Abandons what is under way and waits for the thread; no event comes after it.
  ~Runner() override;

  // Commands: carried out in order, each ended by one `done`.

  void read_file(std::string path);
  /// The next piece of a capture that arrives in pieces; begins one if none has begun.
  void push(std::vector<uint8_t> chunk);
  void end_stream();
  /// Until `stop` or failure. Looks at no frame before `proceed`: first, privileges are dropped.
  void watch(LiveOptions options);
  void proceed();
  /// Closes the last epoch. Only `watch` may follow.
  void finish();

  /// Ends reading and watching soon, and makes later ones end at once; what was observed is still
  /// handed over by `finish`.
  void stop() { stop_.store(true, std::memory_order_relaxed); }
  /// `size` bytes of batches have been taken care of.
  void release(size_t size);
  /// Cumulative counters, at most STATS_PERIOD frames or one tick old. The pipeline's, then ours.
  Stats stats();
  /// Bytes read by the current or last `read_file`.
  uint64_t read_bytes() const { return read_bytes_.load(std::memory_order_relaxed); }

 private:
  enum class Verb : uint8_t { read_file, push, end_stream, watch, finish };
  struct Command {
    Verb verb;
    std::string path;
    std::vector<uint8_t> chunk;
    LiveOptions live;
  };

  void enqueue(Command command);
  void loop();
  bool next(Command& command);
  CommandResult carry_out(Command& command);
  CommandResult run_file(const std::string& path);
  CommandResult run_chunk(const std::vector<uint8_t>& chunk);
  CommandResult run_end_stream();
  CommandResult run_watch(const LiveOptions& options);
  bool wait_for_room(size_t size);
  void publish_stats();
  void add_load(Stats& stats) const;

  void batch(uint32_t shard, std::vector<uint8_t>&& bytes) override;
  void opened() override;
  void frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
             uint32_t link_type) override;
  void tick(int64_t now_us) override;
  void dropped(uint64_t kernel, uint64_t interface) override;
  void kept_up(const LiveLoad& load) override;

  RunnerEvents& events_;
  Pipeline pipeline_;
  std::optional<CaptureParser> stream_;
  uint64_t frame_count_ = 0;
  bool is_live_ = false;
  bool is_congested_ =
      false;  ///< live: a batch found no room; none is waited for until some is free
  uint64_t kernel_dropped_ = 0;
  uint64_t interface_dropped_ = 0;
  uint64_t batches_dropped_ = 0;
  uint64_t busy_us_ = 0;
  /// The last ones: whoever reads the levels at least every ten seconds misses no peak.
  std::array<LiveLoad, 10> loads_;
  size_t load_count_ = 0;

  std::atomic<bool> stop_{false};
  std::atomic<bool> abandoned_{false};
  std::atomic<uint64_t> read_bytes_{0};
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable commands_changed_;
  std::condition_variable room_changed_;
  std::condition_variable may_proceed_changed_;
  bool may_proceed_ = false;
  std::deque<Command> commands_;
  size_t outstanding_size_ = 0;  ///< bytes of batches handed over and not yet released
  Stats stats_;
  std::thread thread_;  ///< last: it uses all of the above
};

}  // namespace picket
