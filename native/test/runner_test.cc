/// The thread behind the addon: order, back-pressure, stopping and being abandoned.
#include "runner.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "frame.h"

using namespace picket;
using namespace picket::test;

namespace {

constexpr std::chrono::seconds WAIT_MAX{30};

/// What the JavaScript side would see, for a test to wait on.
class Listener : public RunnerEvents {
 public:
  void batch(uint32_t, std::vector<uint8_t>&& bytes) override {
    const std::lock_guard lock(mutex_);
    batch_count_++;
    batch_size_ += bytes.size();
    changed_.notify_all();
  }

  void opened() override {}

  void done(CommandResult&& result) override {
    const std::lock_guard lock(mutex_);
    results_.push_back(std::move(result));
    changed_.notify_all();
  }

  /// The results of all commands so far, once there are `count`.
  std::vector<CommandResult> results(size_t count) {
    std::unique_lock lock(mutex_);
    const bool in_time =
        changed_.wait_for(lock, WAIT_MAX, [this, count] { return results_.size() >= count; });
    REQUIRE(in_time);
    return results_;
  }

  size_t batch_count() {
    const std::lock_guard lock(mutex_);
    return batch_count_;
  }

  size_t batch_size() {
    const std::lock_guard lock(mutex_);
    return batch_size_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t batch_count_ = 0;
  size_t batch_size_ = 0;
  std::vector<CommandResult> results_;
};

Bytes le32(uint32_t value) {
  return {static_cast<uint8_t>(value), static_cast<uint8_t>(value >> 8),
          static_cast<uint8_t>(value >> 16), static_cast<uint8_t>(value >> 24)};
}

Bytes pcap_header() {
  return hex("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 65000000");
}

/// A pcap record of one UDP packet at `second`.
Bytes record(uint32_t second) {
  const Bytes packet = ipv4(17, concat({hex("9c400035 000c 0000 61626364")}));
  const auto size = static_cast<uint32_t>(packet.size());
  return concat({le32(second), le32(0), le32(size), le32(size), packet});
}

ObserverConfig config_of(uint32_t shard_count) {
  ObserverConfig config;
  config.shard_count = shard_count;
  config.sensor = std::string(64, 's');
  HomeNet net{};
  net.prefix = 1;
  config.home_nets.push_back(net);
  return config;
}

constexpr uint32_t SHARDS = 4096;
constexpr uint32_t EPOCHS = 160;
/// OUTSTANDING_SIZE_MAX of the runner.
constexpr size_t ROOM = size_t{40} * 1024 * 1024;

/// One packet an epoch, and each epoch makes a batch of a hundred bytes for each shard.
Bytes more_than_there_is_room_for() {
  Bytes file = pcap_header();
  for (uint32_t second = 1; second <= EPOCHS; second++) {
    const Bytes one = record(second);
    file.insert(file.end(), one.begin(), one.end());
  }
  return file;
}

uint64_t stat(Runner& runner, const std::string& name) {
  for (const auto& [key, value] : runner.stats()) {
    if (key == name) return value;
  }
  FAIL("no counter ", name);
  return 0;
}

}  // namespace

TEST_CASE("runner: commands end in order, each once") {
  Listener listener;
  Runner runner(config_of(2), listener);
  runner.read_file("/nonexistent/capture.pcap");
  runner.push(pcap_header());
  runner.push(record(1));
  runner.end_stream();
  runner.push(hex("00112233"));
  runner.end_stream();
  runner.finish();
  const auto results = listener.results(7);
  CHECK(results.size() == 7);
  CHECK(results[0].kind == CommandResult::Kind::open_failed);
  CHECK(results[0].error == ENOENT);
  CHECK(results[3].kind == CommandResult::Kind::ok);
  CHECK(results[5].kind == CommandResult::Kind::damaged);
  CHECK(results[6].kind == CommandResult::Kind::ok);
  CHECK(listener.batch_count() == 2);
  CHECK(stat(runner, "frames") == 1);
}

TEST_CASE("runner: a watch without libpcap says so and ends") {
  Listener listener;
  Runner runner(config_of(1), listener);
  runner.watch({});
  const auto results = listener.results(1);
  CHECK(results[0].kind == CommandResult::Kind::live_failed);
  CHECK(results[0].problem == LiveProblem::not_built);
}

TEST_CASE("runner: reading waits until batches are released") {
  Listener listener;
  Runner runner(config_of(SHARDS), listener);
  runner.push(more_than_there_is_room_for());
  runner.finish();
  while (listener.batch_size() < ROOM * 9 / 10) std::this_thread::yield();
  // Nothing is released: given time, a reader that does not wait would be past the bound.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(listener.batch_size() <= ROOM);
  CHECK(listener.batch_count() < size_t{SHARDS} * EPOCHS);
  size_t released = 0;
  while (listener.batch_count() < size_t{SHARDS} * EPOCHS) {
    const size_t size = listener.batch_size();
    runner.release(size - released);
    released = size;
    std::this_thread::yield();
  }
  listener.results(2);
  CHECK(stat(runner, "batches_dropped") == 0);
}

TEST_CASE("runner: once stopped, reading ends at once and finishing still hands over") {
  Listener listener;
  Runner runner(config_of(3), listener);
  runner.push(pcap_header());
  runner.push(record(1));
  listener.results(2);
  runner.stop();
  runner.push(record(2));
  runner.end_stream();
  runner.finish();
  const auto results = listener.results(5);
  CHECK(results[3].kind == CommandResult::Kind::ok);
  CHECK(listener.batch_count() == 3);
  CHECK(stat(runner, "frames") == 1);
}

TEST_CASE("runner: it can be abandoned while it waits for room") {
  Listener listener;
  {
    Runner runner(config_of(SHARDS), listener);
    runner.push(more_than_there_is_room_for());
    while (listener.batch_size() < ROOM * 9 / 10) std::this_thread::yield();
  }
  CHECK(listener.batch_size() <= ROOM);
}
