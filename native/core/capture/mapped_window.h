/// A part of a file, mapped: read without being copied. A file that another process cuts short
/// takes the pages behind its new end from under the reader, which ends a program with SIGBUS; here
/// such pages turn into zeros, and the window knows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace picket {

class MappedWindow {
 public:
  /// Maps bytes [offset, offset + size) of the file; `offset` is a multiple of `OFFSET_UNIT`. One
  /// window a thread at a time.
  MappedWindow(int file, uint64_t offset, size_t size);
  ~MappedWindow();
  MappedWindow(const MappedWindow&) = delete;
  MappedWindow& operator=(const MappedWindow&) = delete;

  /// Null when the file cannot be mapped. Valid as long as the window.
  const uint8_t* bytes() const { return bytes_; }
  /// The file is shorter now than the window, and some of what was read of it were zeros.
  bool was_cut() const;

  /// The largest page size of the supported machines.
  static constexpr uint64_t OFFSET_UNIT = 65'536;

 private:
  const uint8_t* bytes_ = nullptr;
  size_t size_;
};

}  // namespace picket
