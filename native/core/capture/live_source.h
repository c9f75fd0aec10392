/// Watches an interface through libpcap. Compiled with PICKET_HAVE_PCAP only; without it
/// `watch_interface` says so. Twin: packages/observer/src/capture/live-source.ts.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "capture/frame_sink.h"

namespace picket {

struct LiveOptions {
  std::string interface;
  std::string filter;  ///< BPF, as for tcpdump; empty is none
  uint32_t snap_length = 0;
  uint32_t buffer_size = 0;  ///< bytes of the kernel's ring
  bool promiscuous = false;
  /// Rings with the same group share the interface's packets by flow; 0 is a ring alone.
  uint32_t fanout_group = 0;
  /// One ring of a group tells of the interface's own drops; the others would tell of the same.
  bool counts_interface_drops = true;
};

enum class LiveProblem : uint8_t {
  none,
  no_such_interface,
  no_privileges,
  interface_down,
  filter_invalid,
  link_type_unknown,
  not_built,  ///< compiled without libpcap
  failed,
};

/// How watching ended; `detail` has libpcap's own words, if any.
struct LiveResult {
  LiveProblem problem = LiveProblem::none;
  std::string detail;
  bool was_open = false;  ///< it could be watched, and then no longer
};

/// How a ring has kept up since this was last said.
struct LiveLoad {
  int64_t busy_us = 0;    ///< processor time of the thread: capture and all that follows a frame
  int64_t waited_us = 0;  ///< the longest time that a frame had waited when it was taken
  /// About how many frames waited then: that time's share of what came (Little's law).
  uint64_t waiting_count = 0;
};

class LiveSink : public FrameSink {
 public:
  /// The interface is open. Frames come once this has returned; meanwhile the kernel's ring fills.
  virtual void opened() = 0;
  /// No frame with an earlier time will come any more, short of the clock being set back. At least
  /// every TICK_MS.
  virtual void tick(int64_t now_us) = 0;
  /// Frames lost since the last call: in the kernel's ring and in the interface.
  virtual void dropped(uint64_t kernel, uint64_t interface) = 0;
  /// Every LOAD_PERIOD_MS or so, and at the end.
  virtual void kept_up(const LiveLoad& load) = 0;
};

constexpr int TICK_MS = 100;
/// A ring's block is handed over when it is full, or this long after its first frame.
constexpr int BLOCK_MS = 10;
/// Between two looks at losses, at the load and at the interface.
constexpr int LOAD_PERIOD_MS = 1000;

bool has_live_capture();

/// Delivers frames until `stop` (noticed within TICK_MS) or until the interface fails.
LiveResult watch_interface(const LiveOptions& options, LiveSink& sink,
                           const std::atomic<bool>& stop);

}  // namespace picket
