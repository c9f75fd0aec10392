/// A fixed array of plain structs that starts as zero bytes. Its pages cost no memory until they
/// are written, so a table may be sized for the worst case. Tables are read at random, so large
/// ones ask for huge pages, and begin with one: the faults for small ones were a tenth of what the
/// packet thread took for a scan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <type_traits>

/// A sanitizer sees past the end of what malloc gave, not of what was mapped.
#if defined(__SANITIZE_ADDRESS__)
#define PICKET_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PICKET_SANITIZED 1
#endif
#endif

#if defined(__linux__) && !defined(PICKET_SANITIZED)
#include <sys/mman.h>
#define PICKET_HUGE_PAGES 1
#endif

namespace picket {

/// Zero bytes at the start of a cache line, or of a huge page. Memory that is not there ends the
/// process, as `new` does in a core without exceptions.
class ZeroedMemory {
 public:
  explicit ZeroedMemory(size_t size) {
#if defined(PICKET_HUGE_PAGES)
    if (size >= HUGE_SIZE_MIN) {
      map(size);
      return;
    }
#endif
    allocated_ = std::calloc(size + LINE_SIZE, 1);
    if (allocated_ == nullptr) std::terminate();
    start_ = aligned(allocated_, LINE_SIZE);
  }
  ~ZeroedMemory() {
#if defined(PICKET_HUGE_PAGES)
    if (mapped_size_ != 0) {
      ::munmap(allocated_, mapped_size_);
      return;
    }
#endif
    std::free(allocated_);
  }
  ZeroedMemory(const ZeroedMemory&) = delete;
  ZeroedMemory& operator=(const ZeroedMemory&) = delete;

  void* start() const { return start_; }

 private:
  /// Rows begin with a line, so that one whose size divides it lies in one.
  static constexpr uintptr_t LINE_SIZE = 64;
  static constexpr uintptr_t HUGE_PAGE_SIZE = 2 * 1024 * 1024;
  /// From here on a huge page is worth its zeroing.
  static constexpr size_t HUGE_SIZE_MIN = HUGE_PAGE_SIZE / 4;

  static void* aligned(void* memory, uintptr_t alignment) {
    const uintptr_t from = reinterpret_cast<uintptr_t>(memory);
    return reinterpret_cast<void*>((from + alignment - 1) & ~(alignment - 1));
  }

#if defined(PICKET_HUGE_PAGES)
  void map(size_t size) {
    const size_t whole_size = (size + HUGE_PAGE_SIZE - 1) & ~(HUGE_PAGE_SIZE - 1);
    mapped_size_ = whole_size + HUGE_PAGE_SIZE;
    allocated_ = ::mmap(nullptr, mapped_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                        -1, 0);
    if (allocated_ == MAP_FAILED) std::terminate();
    start_ = aligned(allocated_, HUGE_PAGE_SIZE);
    ::madvise(start_, whole_size, MADV_HUGEPAGE);
  }

  size_t mapped_size_ = 0;
#endif
  void* allocated_ = nullptr;
  void* start_ = nullptr;
};

template <typename T>
class Table {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit Table(size_t size)
      : memory_(size * sizeof(T)), rows_(static_cast<T*>(memory_.start())) {}

  T& operator[](size_t row) { return rows_[row]; }
  const T& operator[](size_t row) const { return rows_[row]; }

 private:
  ZeroedMemory memory_;
  T* rows_;
};

}  // namespace picket
