/// Which addresses are ours: a short list of prefixes, tested in order. Twin:
/// packages/observer/src/observe/home-nets.ts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "decode/packet.h"
#include "options.h"

namespace picket {

class HomeNets {
 public:
  explicit HomeNets(const std::vector<HomeNet>& nets) {
    for (const HomeNet& net : nets) {
      Row row;
      for (int word = 0; word < 4; word++) {
        const uint8_t* b = net.address + word * 4;
        const uint32_t value = (uint32_t{b[0]} << 24) | (uint32_t{b[1]} << 16) |
                               (uint32_t{b[2]} << 8) | b[3];
        const int bits = std::clamp(int{net.prefix} - word * 32, 0, 32);
        row.mask[word] = bits == 0 ? 0 : ~0u << (32 - bits);
        row.net[word] = value & row.mask[word];
      }
      rows_.push_back(row);
      const bool holds_v4 =
          row.net[0] == 0 && row.net[1] == 0 && row.net[2] == (0xffff & row.mask[2]);
      if (holds_v4) v4_rows_.push_back({row.net[3], row.mask[3]});
    }
  }

  bool contains_v4(uint32_t address) const {
    for (const RowV4& row : v4_rows_) {
      if ((address & row.mask) == row.net) return true;
    }
    return false;
  }

  bool contains(const Address& address) const {
    const uint32_t* w = address.word;
    if (address.is_v4()) [[likely]] return contains_v4(w[3]);
    for (const Row& row : rows_) {
      if ((w[3] & row.mask[3]) == row.net[3] && (w[2] & row.mask[2]) == row.net[2] &&
          (w[1] & row.mask[1]) == row.net[1] && (w[0] & row.mask[0]) == row.net[0]) {
        return true;
      }
    }
    return false;
  }

 private:
  struct Row {
    uint32_t net[4];
    uint32_t mask[4];
  };
  struct RowV4 {
    uint32_t net;
    uint32_t mask;
  };
  std::vector<Row> rows_;
  /// Of those that hold IPv4 addresses, what is to be compared of them.
  std::vector<RowV4> v4_rows_;
};

}  // namespace picket
