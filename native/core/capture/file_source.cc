#include "capture/file_source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "capture/mapped_window.h"

namespace picket {
namespace {

/// What `stop` is looked at after, and what is read at once of what cannot be mapped.
constexpr size_t FILE_BLOCK_SIZE = 256 * 1024;
/// Mapped at once: large enough that mapping costs little, small enough to be nothing to remember.
constexpr size_t WINDOW_SIZE = 4 * 1024 * 1024;
static_assert(WINDOW_SIZE % MappedWindow::OFFSET_UNIT == 0);

/// read(2) that goes on after a signal. Negative on error.
ssize_t read_block(int file, uint8_t* block) {
  for (;;) {
    const ssize_t size = ::read(file, block, FILE_BLOCK_SIZE);
    if (size >= 0 || errno != EINTR) return size;
  }
}

/// Size of a regular file now, else 0.
uint64_t regular_size(int file) {
  struct stat facts;
  if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) return 0;
  return static_cast<uint64_t>(facts.st_size);
}

/// One file on its way into the parser.
struct Reading {
  int file;
  CaptureParser& parser;
  const std::atomic<bool>& stop;
  std::atomic<uint64_t>& read_bytes;
  uint64_t offset = 0;  ///< of what the parser gets next
  std::optional<Damage> damage{};

  bool goes_on() const {
    return !damage && !parser.damage() && !stop.load(std::memory_order_relaxed);
  }
  void push(const uint8_t* bytes, size_t size) {
    parser.push(bytes, size);
    offset += size;
    read_bytes.fetch_add(size, std::memory_order_relaxed);
  }
};

/// Delivers the window from `offset` on. False when the rest of the file is to be read instead.
bool read_window(Reading& reading, uint64_t size) {
  const uint64_t start = reading.offset;
  const MappedWindow window(reading.file, start, static_cast<size_t>(size));
  if (window.bytes() == nullptr) return false;
  for (size_t at = 0; at < size && reading.goes_on(); at += FILE_BLOCK_SIZE) {
    const size_t piece = std::min<size_t>(FILE_BLOCK_SIZE, size - at);
    if (regular_size(reading.file) < start + at + piece) return false;
    reading.push(window.bytes() + at, piece);
    if (window.was_cut()) {
      reading.damage = Damage{start + at, "the file was cut short while it was read"};
    }
  }
  return true;
}

/// As long as the file has whole windows, or its last part, to map.
void read_mapped(Reading& reading) {
  const uint64_t size = regular_size(reading.file);
  while (reading.offset < size && reading.goes_on()) {
    if (!read_window(reading, std::min<uint64_t>(WINDOW_SIZE, size - reading.offset))) return;
  }
}

/// What is left: of a file that grew or shrank meanwhile, or cannot be mapped, and of all else.
void read_rest(Reading& reading) {
  if (reading.offset > 0 && lseek(reading.file, static_cast<off_t>(reading.offset), SEEK_SET) < 0)
    return;
  std::vector<uint8_t> block(FILE_BLOCK_SIZE);
  while (reading.goes_on()) {
    const ssize_t size = read_block(reading.file, block.data());
    if (size < 0) {
      const std::string reason = std::string("it cannot be read on: ") + strerror(errno);
      reading.damage = Damage{reading.offset, reason};
    } else if (size == 0) {
      reading.parser.end();
      return;
    } else {
      reading.push(block.data(), static_cast<size_t>(size));
    }
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
  Reading reading{file, parser, stop, read_bytes};
  read_mapped(reading);
  if (reading.goes_on()) read_rest(reading);
  ::close(file);
  result.damage = reading.damage ? reading.damage : parser.damage();
  return result;
}

}  // namespace picket
