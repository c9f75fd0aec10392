#include "capture/file_source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <memory>
#include <new>

namespace picket {
namespace {

/// Read at once, and what `stop` is looked at after. It stays in the processor's second cache
/// between the kernel that copies it and the decoder that looks at it: a mapped page costs more
/// than its copy, and its frames come one by one from memory.
constexpr size_t FILE_BLOCK_SIZE = 256 * 1024;

/// Begins where a page does, as what the kernel copies does. AMD Zen's string copy takes six times
/// as long when its destination begins a few bytes further into its page than its source, and
/// malloc gives blocks of this size 16 bytes into one.
constexpr std::align_val_t PAGE{4096};

struct FreeBlock {
  void operator()(uint8_t* block) const { ::operator delete(block, PAGE); }
};
using Block = std::unique_ptr<uint8_t, FreeBlock>;

Block new_block() { return Block(static_cast<uint8_t*>(::operator new(FILE_BLOCK_SIZE, PAGE))); }

/// read(2) that goes on after a signal. Negative on error.
ssize_t read_block(int file, uint8_t* block) {
  for (;;) {
    const ssize_t size = ::read(file, block, FILE_BLOCK_SIZE);
    if (size >= 0 || errno != EINTR) return size;
  }
}

/// Until the end of the file, the parser's damage, or `stop`. Returns why it could not be read on.
std::optional<Damage> read_blocks(int file, CaptureParser& parser, const std::atomic<bool>& stop,
                                  std::atomic<uint64_t>& read_bytes) {
  const Block block = new_block();
  uint64_t offset = 0;
  while (!parser.damage() && !stop.load(std::memory_order_relaxed)) {
    const ssize_t size = read_block(file, block.get());
    if (size < 0) return Damage{offset, std::string("it cannot be read on: ") + strerror(errno)};
    if (size == 0) {
      parser.end();
      break;
    }
    parser.push(block.get(), static_cast<size_t>(size));
    offset += static_cast<uint64_t>(size);
    read_bytes.fetch_add(static_cast<uint64_t>(size), std::memory_order_relaxed);
  }
  return std::nullopt;
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
  const std::optional<Damage> unread = read_blocks(file, parser, stop, read_bytes);
  ::close(file);
  result.damage = unread ? unread : parser.damage();
  return result;
}

}  // namespace picket
