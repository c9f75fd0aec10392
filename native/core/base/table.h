/// A fixed array of plain structs that starts as zero bytes. Its pages cost no memory until they are
/// written, so a table may be sized for the worst case.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <type_traits>

namespace picket {

template <typename T>
class Table {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// Memory that is not there ends the process, as `new` does in a core without exceptions.
  explicit Table(size_t size) : rows_(static_cast<T*>(std::calloc(size > 0 ? size : 1, sizeof(T)))) {
    if (rows_ == nullptr) std::terminate();
  }
  ~Table() { std::free(rows_); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  T& operator[](size_t row) { return rows_[row]; }
  const T& operator[](size_t row) const { return rows_[row]; }

 private:
  T* rows_;
};

}  // namespace picket
