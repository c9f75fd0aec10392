#include "capture/live_source.h"

#ifdef PICKET_HAVE_PCAP

#include <errno.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#if defined(__linux__)
#include <linux/if_packet.h>
#endif

#include "base/link_types.h"

namespace picket {
namespace {

/// Frames taken from the ring before stop, tick and statistics are looked at again: about a
/// millisecond of work.
constexpr int DISPATCH_COUNT_MAX = 4096;
constexpr int64_t CHECK_PERIOD_US = int64_t{LOAD_PERIOD_MS} * 1000;

int64_t wall_clock_us() {
  timeval now;
  gettimeofday(&now, nullptr);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_usec;
}

/// Processor time of this thread; 0 when the system does not tell.
int64_t thread_time_us() {
  timespec used;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) != 0) return 0;
  return int64_t{used.tv_sec} * 1'000'000 + used.tv_nsec / 1000;
}

int64_t time_us_of(const pcap_pkthdr& header) {
  return int64_t{header.ts.tv_sec} * 1'000'000 + header.ts.tv_usec;
}

/// Whether an interface exists and is administratively up. True when the system does not say.
bool is_up(const std::string& name) {
  if (name == "any") return true;
  ifreq request = {};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  const int socket_file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_file < 0) return true;
  const bool is_there = ioctl(socket_file, SIOCGIFFLAGS, &request) == 0;
  close(socket_file);
  return is_there && (request.ifr_flags & IFF_UP) != 0;
}

LiveResult problem_of(int status, pcap_t* handle) {
  const char* text = pcap_geterr(handle);
  const std::string detail = *text != 0 ? text : pcap_statustostr(status);
  switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return {LiveProblem::no_such_interface, detail, false};
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return {LiveProblem::no_privileges, detail, false};
    case PCAP_ERROR_IFACE_NOT_UP:
      return {LiveProblem::interface_down, detail, false};
    default:
      return {LiveProblem::failed, detail, false};
  }
}

/// One ring of one interface.
class Ring {
 public:
  explicit Ring(LiveSink& sink) : sink_(sink) {}
  ~Ring() {
    if (handle_ != nullptr) pcap_close(handle_);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  LiveResult open(const LiveOptions& options);
  LiveResult run(const std::atomic<bool>& stop);

 private:
  LiveResult set_filter(const std::string& filter);
  LiveResult join_fanout(uint32_t group);
  bool wait_for_frames();
  LiveResult down(const std::string& detail);
  int take_frames(int64_t now_us);
  void report_losses();
  void report_load(int64_t now_us);
  static void on_first_frame(u_char* ring, const pcap_pkthdr* header, const u_char* bytes);
  static void on_frame(u_char* ring, const pcap_pkthdr* header, const u_char* bytes);

  LiveSink& sink_;
  std::string interface_;
  pcap_t* handle_ = nullptr;
  uint32_t link_type_ = 0;
  bool counts_interface_drops_ = true;
  uint32_t kernel_dropped_ = 0;     ///< as libpcap last said; it counts in 32 bits, wrapping
  uint32_t interface_dropped_ = 0;  ///< likewise
  int64_t first_us_ = 0;            ///< time of the last frame that was taken alone
  // Since the load was last reported:
  int64_t load_since_us_ = 0;
  int64_t thread_time_us_ = 0;  ///< of the thread, then
  int64_t waited_us_ = 0;
  uint64_t taken_count_ = 0;
};

LiveResult Ring::open(const LiveOptions& options) {
  char error[PCAP_ERRBUF_SIZE] = "";
  handle_ = pcap_create(options.interface.c_str(), error);
  if (handle_ == nullptr) return {LiveProblem::failed, error, false};
  pcap_set_snaplen(handle_, static_cast<int>(options.snap_length));
  pcap_set_promisc(handle_, options.promiscuous ? 1 : 0);
  pcap_set_buffer_size(handle_, static_cast<int>(options.buffer_size));
  // Linux hands over whole blocks (TPACKET_V3): a ring of them holds ten times the small frames
  // that one of fixed slots does. `run` waits by itself, since a reader would sleep past its
  // timeout while no block has anything in it.
  pcap_set_timeout(handle_, BLOCK_MS);
  const int status = pcap_activate(handle_);
  if (status < 0) return problem_of(status, handle_);
  link_type_ = static_cast<uint32_t>(pcap_datalink(handle_));
  if (!is_readable_link_type(link_type_)) {
    return {LiveProblem::link_type_unknown, "link type " + std::to_string(link_type_), false};
  }
  if (pcap_setnonblock(handle_, 1, error) < 0) return {LiveProblem::failed, error, false};
  interface_ = options.interface;
  counts_interface_drops_ = options.counts_interface_drops;
  LiveResult result = set_filter(options.filter);
  if (result.problem == LiveProblem::none) result = join_fanout(options.fanout_group);
  return result;
}

/// By a hash that is the same for both directions of a flow, and for all fragments of a datagram
/// (net/packet/af_packet.c, fanout_demux_hash). Reassembly in the kernel would hide fragments.
LiveResult Ring::join_fanout(uint32_t group) {
  if (group == 0) return {};
#if defined(__linux__)
  const int argument = static_cast<int>((group & 0xffff) | (PACKET_FANOUT_HASH << 16));
  const int file = pcap_fileno(handle_);
  if (setsockopt(file, SOL_PACKET, PACKET_FANOUT, &argument, sizeof argument) == 0) return {};
  return {LiveProblem::failed, std::string("its rings cannot share it: ") + strerror(errno), false};
#else
  return {LiveProblem::failed, "several rings need Linux", false};
#endif
}

LiveResult Ring::set_filter(const std::string& filter) {
  if (filter.empty()) return {};
  bpf_program program;
  if (pcap_compile(handle_, &program, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) < 0) {
    return {LiveProblem::filter_invalid, pcap_geterr(handle_), false};
  }
  const int status = pcap_setfilter(handle_, &program);
  pcap_freecode(&program);
  if (status < 0) return {LiveProblem::failed, pcap_geterr(handle_), false};
  return {};
}

LiveResult Ring::run(const std::atomic<bool>& stop) {
  int64_t check_due_us = 0;
  load_since_us_ = wall_clock_us();
  thread_time_us_ = thread_time_us();
  while (!stop.load(std::memory_order_relaxed)) {
    const bool is_troubled = wait_for_frames();
    const int64_t before_us = wall_clock_us();
    const int count = take_frames(before_us);
    if (count < 0) return down(pcap_geterr(handle_));
    // A ring that was emptied holds nothing from before it was looked at, but for the block that
    // is being filled.
    if (count < DISPATCH_COUNT_MAX) sink_.tick(before_us - 2 * BLOCK_MS * 1000);
    if (is_troubled || before_us >= check_due_us) {
      report_losses();
      report_load(before_us);
      if (!is_up(interface_)) return down("it was taken down");
      check_due_us = before_us + CHECK_PERIOD_US;
    }
  }
  report_losses();
  report_load(wall_clock_us());
  return {};
}

/// Hands over what waits, at most DISPATCH_COUNT_MAX frames; returns how many, or an error. The
/// first is taken by itself: it has waited longest, so that no other's age need be looked at.
int Ring::take_frames(int64_t now_us) {
  u_char* const self = reinterpret_cast<u_char*>(this);
  const int first = pcap_dispatch(handle_, 1, on_first_frame, self);
  if (first <= 0) return first;
  waited_us_ = std::max(waited_us_, now_us - first_us_);
  const int others = pcap_dispatch(handle_, DISPATCH_COUNT_MAX - 1, on_frame, self);
  taken_count_ += static_cast<uint64_t>(1 + std::max(others, 0));
  return others < 0 ? others : 1 + others;
}

/// Waits for frames, or for TICK_MS. True when the socket has an error instead. Waiting is done
/// here since pcap_dispatch, once an interface is down, does not return until it is up again.
bool Ring::wait_for_frames() {
  pollfd waiting = {pcap_get_selectable_fd(handle_), POLLIN, 0};
  poll(&waiting, 1, TICK_MS);
  return (waiting.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

LiveResult Ring::down(const std::string& detail) {
  report_losses();
  report_load(wall_clock_us());
  return {LiveProblem::interface_down, detail, true};
}

void Ring::report_losses() {
  pcap_stat now;
  if (pcap_stats(handle_, &now) < 0) return;
  const uint32_t kernel = now.ps_drop - kernel_dropped_;
  const uint32_t interface = counts_interface_drops_ ? now.ps_ifdrop - interface_dropped_ : 0;
  kernel_dropped_ = now.ps_drop;
  interface_dropped_ = now.ps_ifdrop;
  if (kernel > 0 || interface > 0) sink_.dropped(kernel, interface);
}

void Ring::report_load(int64_t now_us) {
  const int64_t elapsed_us = std::max<int64_t>(now_us - load_since_us_, 1);
  const int64_t used_us = thread_time_us();
  LiveLoad load;
  load.busy_us = std::max<int64_t>(used_us - thread_time_us_, 0);
  load.waited_us = waited_us_;
  load.waiting_count = taken_count_ * static_cast<uint64_t>(std::min(waited_us_, elapsed_us)) /
                       static_cast<uint64_t>(elapsed_us);
  sink_.kept_up(load);
  load_since_us_ = now_us;
  thread_time_us_ = used_us;
  waited_us_ = 0;
  taken_count_ = 0;
}

void Ring::on_first_frame(u_char* ring, const pcap_pkthdr* header, const u_char* bytes) {
  reinterpret_cast<Ring*>(ring)->first_us_ = time_us_of(*header);
  on_frame(ring, header, bytes);
}

void Ring::on_frame(u_char* ring, const pcap_pkthdr* header, const u_char* bytes) {
  const Ring& self = *reinterpret_cast<Ring*>(ring);
  const int64_t time_us = time_us_of(*header);
  const uint32_t wire = header->len < header->caplen ? header->caplen : header->len;
  self.sink_.frame(bytes, header->caplen, wire, time_us, self.link_type_);
}

}  // namespace

bool has_live_capture() {
  return true;
}

LiveResult watch_interface(const LiveOptions& options, LiveSink& sink,
                           const std::atomic<bool>& stop) {
  Ring ring(sink);
  const LiveResult opened = ring.open(options);
  if (opened.problem != LiveProblem::none) return opened;
  sink.opened();
  return ring.run(stop);
}

}  // namespace picket

#else

namespace picket {

bool has_live_capture() {
  return false;
}

LiveResult watch_interface(const LiveOptions&, LiveSink&, const std::atomic<bool>&) {
  return {LiveProblem::not_built, "", false};
}

}  // namespace picket

#endif
