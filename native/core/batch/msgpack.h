/// Writes the subset of msgpack that batches use: unsigned integers in their shortest form,
/// strings, binary, nil and arrays. Byte for byte what packages/observer/src/batch/msgpack.ts
/// writes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace picket {

inline void put_u16_le(uint8_t* out, uint32_t value) {
  out[0] = static_cast<uint8_t>(value);
  out[1] = static_cast<uint8_t>(value >> 8);
}

inline void put_u32_le(uint8_t* out, uint32_t value) {
  put_u16_le(out, value);
  put_u16_le(out + 2, value >> 16);
}

inline void put_u16_be(uint8_t* out, uint32_t value) {
  out[0] = static_cast<uint8_t>(value >> 8);
  out[1] = static_cast<uint8_t>(value);
}

inline void put_u32_be(uint8_t* out, uint32_t value) {
  put_u16_be(out, value >> 16);
  put_u16_be(out + 2, value);
}

class MsgpackWriter {
 public:
  void uint(uint64_t value) {
    uint8_t* out = reserve(9);
    if (value < 0x80) {
      out[0] = static_cast<uint8_t>(value);
      size_ += 1;
    } else if (value <= 0xff) {
      out[0] = 0xcc;
      out[1] = static_cast<uint8_t>(value);
      size_ += 2;
    } else if (value <= 0xffff) {
      out[0] = 0xcd;
      put_u16_be(out + 1, static_cast<uint32_t>(value));
      size_ += 3;
    } else if (value <= 0xffffffff) {
      out[0] = 0xce;
      put_u32_be(out + 1, static_cast<uint32_t>(value));
      size_ += 5;
    } else {
      out[0] = 0xcf;
      put_u32_be(out + 1, static_cast<uint32_t>(value >> 32));
      put_u32_be(out + 5, static_cast<uint32_t>(value));
      size_ += 9;
    }
  }

  void nil() {
    reserve(1)[0] = 0xc0;
    size_ += 1;
  }

  void array(size_t size) {
    if (size < 16) {
      reserve(1)[0] = static_cast<uint8_t>(0x90 | size);
      size_ += 1;
    } else {
      sized(size, 0, 0xdc, 0xdd);
    }
  }

  /// `text` is UTF-8.
  void string(const std::string& text) {
    if (text.size() < 32) {
      reserve(1)[0] = static_cast<uint8_t>(0xa0 | text.size());
      size_ += 1;
    } else {
      sized(text.size(), 0xd9, 0xda, 0xdb);
    }
    std::copy(text.begin(), text.end(), reserve(text.size()));
    size_ += text.size();
  }

  void bin(const uint8_t* bytes, size_t size) { std::copy(bytes, bytes + size, bin_space(size)); }

  /// Writes a binary header and returns where its `size` bytes go; valid until the next call.
  uint8_t* bin_space(size_t size) {
    sized(size, 0xc4, 0xc5, 0xc6);
    uint8_t* out = reserve(size);
    size_ += size;
    return out;
  }

  /// A copy of what was written since the last `take`, and a fresh start.
  std::vector<uint8_t> take() {
    std::vector<uint8_t> bytes(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(size_));
    size_ = 0;
    return bytes;
  }

 private:
  void sized(size_t size, uint8_t one, uint8_t two, uint8_t four) {
    uint8_t* out = reserve(5);
    if (one != 0 && size <= 0xff) {
      out[0] = one;
      out[1] = static_cast<uint8_t>(size);
      size_ += 2;
    } else if (size <= 0xffff) {
      out[0] = two;
      put_u16_be(out + 1, static_cast<uint32_t>(size));
      size_ += 3;
    } else {
      out[0] = four;
      put_u32_be(out + 1, static_cast<uint32_t>(size));
      size_ += 5;
    }
  }

  uint8_t* reserve(size_t extra) {
    if (size_ + extra > buffer_.size()) {
      buffer_.resize(std::max(buffer_.size() * 2, size_ + extra));
    }
    return buffer_.data() + size_;
  }

  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(4096);
  size_t size_ = 0;
};

}  // namespace picket
