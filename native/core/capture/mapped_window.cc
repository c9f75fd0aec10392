#include "capture/mapped_window.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mutex>

namespace picket {
namespace {

#if !defined(MAP_POPULATE)
constexpr int MAP_POPULATE = 0;
#endif

/// The window of this thread. The signal comes on the thread that reads, so that nothing here is
/// shared.
struct Guard {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  volatile bool was_cut = false;
};
thread_local Guard guard;

struct sigaction previous_action;

/// Puts a page of zeros where the file has none any more; mmap is safe to call here. Anything but
/// our window is somebody else's: the old action is put back, and the access made again.
void on_bus_error(int, siginfo_t* info, void*) {
  const auto at = reinterpret_cast<uintptr_t>(info->si_addr);
  const auto page_size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  void* page = reinterpret_cast<void*>(at & ~(page_size - 1));
  const bool is_ours = at >= guard.begin && at < guard.end;
  constexpr int FLAGS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  if (is_ours && mmap(page, page_size, PROT_READ, FLAGS, -1, 0) != MAP_FAILED) {
    guard.was_cut = true;
  } else {
    sigaction(SIGBUS, &previous_action, nullptr);
  }
}

void watch_for_bus_errors() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous_action);
  });
}

}  // namespace

MappedWindow::MappedWindow(int file, uint64_t offset, size_t size) : size_(size) {
  watch_for_bus_errors();
  // All at once: a fault for every few pages costs more than the pages.
  void* start = mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file,
                     static_cast<off_t>(offset));
  if (start == MAP_FAILED) return;
  bytes_ = static_cast<const uint8_t*>(start);
  guard.begin = reinterpret_cast<uintptr_t>(start);
  guard.end = guard.begin + size;
  guard.was_cut = false;
}

MappedWindow::~MappedWindow() {
  if (bytes_ == nullptr) return;
  guard.begin = guard.end = 0;
  munmap(const_cast<uint8_t*>(bytes_), size_);
}

bool MappedWindow::was_cut() const { return guard.was_cut; }

}  // namespace picket
