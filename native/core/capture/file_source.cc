#include "capture/file_source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <vector>

namespace picket {
namespace {

/// Fits in a second-level cache. Measured, 64 KiB to 1 MiB are alike; 16 KiB and 8 MiB take half as
/// long again.
constexpr size_t FILE_BLOCK_SIZE = 256 * 1024;

/// read(2) that goes on after a signal. Negative on error.
ssize_t read_block(int file, uint8_t* block) {
  for (;;) {
    const ssize_t size = ::read(file, block, FILE_BLOCK_SIZE);
    if (size >= 0 || errno != EINTR) return size;
  }
}

}  // namespace

FileResult read_capture_file(const std::string& path, FrameSink& sink,
                             const std::atomic<bool>& stop, std::atomic<uint64_t>& read_bytes) {
  FileResult result;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    result.open_error = errno;
    return result;
  }
  CaptureParser parser(sink);
  std::vector<uint8_t> block(FILE_BLOCK_SIZE);
  uint64_t offset = 0;
  while (!stop.load(std::memory_order_relaxed) && !parser.damage()) {
    const ssize_t size = read_block(file, block.data());
    if (size < 0) {
      result.damage = Damage{offset, std::string("it cannot be read on: ") + strerror(errno)};
      break;
    }
    if (size == 0) {
      parser.end();
      break;
    }
    parser.push(block.data(), static_cast<size_t>(size));
    offset += static_cast<uint64_t>(size);
    read_bytes.fetch_add(static_cast<uint64_t>(size), std::memory_order_relaxed);
  }
  ::close(file);
  if (!result.damage) result.damage = parser.damage();
  return result;
}

}  // namespace picket
