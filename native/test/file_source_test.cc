/// Files of several blocks, some of which another process cuts short while they are read.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "capture/file_source.h"

using namespace picket;

namespace {

constexpr size_t FRAME_SIZE = 48;
constexpr size_t RECORD_SIZE = 16 + FRAME_SIZE;
constexpr size_t HEADER_SIZE = 24;

/// A pcap file of `count` frames, removed at the end.
class TemporaryCapture {
 public:
  explicit TemporaryCapture(size_t count) {
    file_ = mkstemp(path_.data());
    REQUIRE(file_ >= 0);
    std::vector<uint8_t> bytes = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0,
                                  0,    0,    0,    0,    0, 0, 4, 0, 1, 0, 0, 0};
    bytes.resize(HEADER_SIZE + count * RECORD_SIZE, 0x11);
    for (size_t at = HEADER_SIZE; at < bytes.size(); at += RECORD_SIZE) {
      for (const size_t length_at : {at + 8, at + 12}) {
        bytes[length_at] = FRAME_SIZE;
        bytes[length_at + 1] = bytes[length_at + 2] = bytes[length_at + 3] = 0;
      }
    }
    REQUIRE(write(file_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~TemporaryCapture() {
    close(file_);
    unlink(path_.c_str());
  }
  void cut(size_t size) { REQUIRE(ftruncate(file_, static_cast<off_t>(size)) == 0); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/picket-file-XXXXXX";
  int file_;
};

/// Counts frames, and cuts the file when it has seen some.
struct CuttingSink : FrameSink {
  CuttingSink(TemporaryCapture& capture, uint64_t after, size_t size)
      : capture(capture), after(after), size(size) {}
  void frame(const uint8_t*, uint32_t captured, uint32_t, int64_t, uint32_t) override {
    if (captured == FRAME_SIZE) whole++;
    if (++frames == after) capture.cut(size);
  }
  TemporaryCapture& capture;
  uint64_t after;
  size_t size;
  uint64_t frames = 0;
  uint64_t whole = 0;
};

FileResult read_all(const TemporaryCapture& capture, FrameSink& sink) {
  const std::atomic<bool> stop{false};
  std::atomic<uint64_t> read_bytes{0};
  return read_capture_file(capture.path(), sink, stop, read_bytes);
}

}  // namespace

TEST_CASE("a capture of several blocks is read whole") {
  TemporaryCapture capture(150'000);
  CuttingSink sink(capture, 0, 0);
  const FileResult result = read_all(capture, sink);
  CHECK_FALSE(result.damage);
  CHECK(sink.whole == 150'000);
}

TEST_CASE("a capture cut before what is read next ends where it ends now") {
  TemporaryCapture capture(150'000);
  CuttingSink sink(capture, 1, HEADER_SIZE + 20'000 * RECORD_SIZE + 5);
  const FileResult result = read_all(capture, sink);
  REQUIRE(result.damage);
  CHECK(result.damage->offset == HEADER_SIZE + 20'000 * RECORD_SIZE);
  CHECK(sink.whole == 20'000);
}

TEST_CASE("a capture cut behind the reader is damaged, and what came before was read") {
  TemporaryCapture capture(150'000);
  CuttingSink sink(capture, 1, 100'000);
  const FileResult result = read_all(capture, sink);
  REQUIRE(result.damage);
  CHECK(result.damage->reason.find("the file ends inside") != std::string::npos);
  CHECK(sink.whole >= 100'000 / RECORD_SIZE - 1);
}

TEST_CASE("a file without a size is read") {
  TemporaryCapture other(1);
  CuttingSink sink(other, 0, 0);
  const std::atomic<bool> stop{false};
  std::atomic<uint64_t> read_bytes{0};
  const FileResult result = read_capture_file("/proc/self/status", sink, stop, read_bytes);
  CHECK(result.open_error == 0);
  REQUIRE(result.damage);
  CHECK(result.damage->reason.find("neither pcap nor pcapng") != std::string::npos);
}
