/// Prints what the capture parser makes of files, one line each: frames, a hash over every frame's
/// bytes, sizes, time and link type, and the damage. `-c SIZE` pushes chunks of SIZE bytes instead
/// of reading the file in blocks. The differential test compares it with the TypeScript parser.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "capture/file_source.h"

namespace {

/// FNV-1a, 32 bits: a number that JavaScript can compute as well.
class HashingSink : public picket::FrameSink {
 public:
  void frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
             uint32_t link_type) override {
    frames++;
    add(captured);
    add(wire);
    add(static_cast<uint32_t>(time_us));
    add(static_cast<uint32_t>(time_us >> 32));
    add(link_type);
    for (uint32_t i = 0; i < captured; i++) hash = (hash ^ bytes[i]) * PRIME;
  }
  uint64_t frames = 0;
  uint32_t hash = 0x811c9dc5;

 private:
  static constexpr uint32_t PRIME = 0x01000193;
  void add(uint32_t value) {
    for (int i = 0; i < 4; i++) hash = (hash ^ (value >> (8 * i) & 0xff)) * PRIME;
  }
};

std::optional<picket::Damage> push_chunks(const char* path, size_t chunk_size, HashingSink& sink) {
  picket::CaptureParser parser(sink);
  std::vector<uint8_t> chunk(chunk_size);
  FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return picket::Damage{0, "cannot be opened"};
  for (size_t size; (size = std::fread(chunk.data(), 1, chunk_size, file)) > 0;) {
    // An exact copy each time, so that a read past the chunk's end is one past an allocation's.
    std::vector<uint8_t> exact(chunk.begin(), chunk.begin() + static_cast<long>(size));
    parser.push(exact.data(), exact.size());
  }
  std::fclose(file);
  parser.end();
  return parser.damage();
}

std::optional<picket::Damage> read_whole(const char* path, HashingSink& sink) {
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> read_bytes{0};
  const auto result = picket::read_capture_file(path, sink, stop, read_bytes);
  if (result.open_error != 0) return picket::Damage{0, std::strerror(result.open_error)};
  return result.damage;
}

}  // namespace

int main(int argc, char** argv) {
  size_t chunk_size = 0;
  int first = 1;
  if (argc > 2 && std::strcmp(argv[1], "-c") == 0) {
    chunk_size = std::strtoul(argv[2], nullptr, 10);
    first = 3;
  }
  for (int i = first; i < argc; i++) {
    HashingSink sink;
    const auto damage =
        chunk_size > 0 ? push_chunks(argv[i], chunk_size, sink) : read_whole(argv[i], sink);
    std::printf("%" PRIu64 " %08" PRIx32, sink.frames, sink.hash);
    if (damage) {
      std::printf(" %" PRIu64 " %s", damage->offset, damage->reason.c_str());
    }
    std::printf("\n");
  }
  return 0;
}
