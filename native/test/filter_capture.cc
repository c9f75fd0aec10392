/// Does to a capture file what a filter does to an interface: writes the frames that it keeps to a
/// pcapng file, and prints how many frames and bytes there were and how many of them it kept. As
/// the kernel does, it looks at whole frames (what a snapshot cut off counts as zeros) from which
/// an outermost VLAN tag was taken off. Frames of a link type that Picket cannot watch are kept.
/// `-s`: the first frames are left out, as if the capture began later. Status 1: the capture is
/// damaged; what came before was filtered. Usage: filter_capture [-s COUNT] EXPRESSION IN OUT
#include <pcap/pcap.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/link_types.h"
#include "capture/file_source.h"

namespace {

constexpr int SNAP_LENGTH = 262144;
/// Two addresses of 6 bytes, then the EtherType of a tag (IEEE 802.1Q, 802.1ad) and 2 bytes more.
constexpr size_t TAG_AT = 12;
constexpr size_t TAG_SIZE = 4;

/// A filter compiled for one link type, which is also an interface of the file written.
struct Filter {
  bpf_program program;
  uint32_t index;
  bool keeps_all;
};

/// LINKTYPE_RAW and what some writers take for it are DLT_RAW here; the others have one number.
int dlt_of(uint32_t type) {
  switch (type) {
    case picket::link_type::raw:
    case picket::link_type::raw_bsd:
    case picket::link_type::raw_openbsd:
      return DLT_RAW;
    default:
      return static_cast<int>(type);
  }
}

/// pcapng, draft-ietf-opsawg-pcapng: section header, interface and enhanced packet blocks.
class Writer {
 public:
  explicit Writer(std::FILE* file) : file_(file) {
    const uint32_t section[] = {0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28};
    std::fwrite(section, sizeof section, 1, file_);
  }

  void interface(uint32_t link_type) {
    const uint32_t block[] = {1, 20, link_type, SNAP_LENGTH, 20};
    std::fwrite(block, sizeof block, 1, file_);
  }

  void frame(uint32_t interface, int64_t time_us, const uint8_t* bytes, uint32_t captured,
             uint32_t wire) {
    const uint32_t padding = -captured & 3;
    const uint32_t size = 32 + captured + padding;
    const auto time = static_cast<uint64_t>(time_us);
    const uint32_t head[] = {6, size, interface, static_cast<uint32_t>(time >> 32),
                             static_cast<uint32_t>(time), captured, wire};
    const uint32_t none = 0;
    std::fwrite(head, sizeof head, 1, file_);
    std::fwrite(bytes, captured, 1, file_);
    std::fwrite(&none, padding, 1, file_);
    std::fwrite(&size, sizeof size, 1, file_);
  }

 private:
  std::FILE* file_;
};

class FilteringSink : public picket::FrameSink {
 public:
  FilteringSink(const char* expression, unsigned long long skipped, std::FILE* out)
      : expression_(expression), skipped_(skipped), writer_(out) {}
  ~FilteringSink() {
    for (auto& [type, filter] : filters_) pcap_freecode(&filter.program);
  }
  FilteringSink(const FilteringSink&) = delete;
  FilteringSink& operator=(const FilteringSink&) = delete;

  void frame(const uint8_t* bytes, uint32_t captured, uint32_t wire, int64_t time_us,
             uint32_t link_type) override {
    if (skipped_ > 0) {
      skipped_--;
      return;
    }
    const Filter& filter = filter_of(link_type);
    frames_++;
    size_ += wire;
    if (!filter.keeps_all && !keeps(filter.program, bytes, captured, wire, link_type)) return;
    kept_frames_++;
    kept_size_ += wire;
    writer_.frame(filter.index, time_us, bytes, captured, wire);
  }

  void print() const {
    std::printf("%llu frames %llu bytes, kept %llu frames %llu bytes\n", frames_, size_,
                kept_frames_, kept_size_);
  }

  std::string error;

 private:
  const Filter& filter_of(uint32_t link_type) {
    const auto known = filters_.find(link_type);
    if (known != filters_.end()) return known->second;
    Filter filter{{}, static_cast<uint32_t>(filters_.size()), true};
    writer_.interface(link_type);
    if (picket::is_readable_link_type(link_type)) {
      pcap_t* handle = pcap_open_dead(dlt_of(link_type), SNAP_LENGTH);
      if (pcap_compile(handle, &filter.program, expression_, 1, PCAP_NETMASK_UNKNOWN) == 0) {
        filter.keeps_all = false;
      } else {
        error = pcap_geterr(handle);
      }
      pcap_close(handle);
    }
    return filters_.emplace(link_type, filter).first->second;
  }

  bool keeps(const bpf_program& program, const uint8_t* bytes, uint32_t captured, uint32_t wire,
             uint32_t link_type) {
    whole_.assign(bytes, bytes + captured);
    if (wire <= SNAP_LENGTH) whole_.resize(wire);
    if (link_type == picket::link_type::ethernet && is_tagged()) {
      const auto tag = whole_.begin() + TAG_AT;
      whole_.erase(tag, tag + TAG_SIZE);
    }
    pcap_pkthdr header = {};
    header.caplen = header.len = static_cast<bpf_u_int32>(whole_.size());
    return pcap_offline_filter(&program, &header, whole_.data()) != 0;
  }

  bool is_tagged() const {
    if (whole_.size() < TAG_AT + TAG_SIZE + 2) return false;
    const unsigned type = whole_[TAG_AT] << 8 | whole_[TAG_AT + 1];
    return type == 0x8100 || type == 0x88a8;
  }

  const char* expression_;
  unsigned long long skipped_;
  Writer writer_;
  std::map<uint32_t, Filter> filters_;
  std::vector<uint8_t> whole_;
  unsigned long long frames_ = 0;
  unsigned long long size_ = 0;
  unsigned long long kept_frames_ = 0;
  unsigned long long kept_size_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  unsigned long long skipped = 0;
  if (argc == 6 && std::strcmp(argv[1], "-s") == 0) {
    skipped = std::strtoull(argv[2], nullptr, 10);
    argv += 2;
    argc -= 2;
  }
  if (argc != 4) return 2;
  std::FILE* out = std::fopen(argv[3], "wb");
  if (out == nullptr) return 2;
  FilteringSink sink(argv[1], skipped, out);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> read_bytes{0};
  const picket::FileResult result = picket::read_capture_file(argv[2], sink, stop, read_bytes);
  const bool is_written = std::fclose(out) == 0;
  if (!sink.error.empty()) std::fprintf(stderr, "%s\n", sink.error.c_str());
  if (!sink.error.empty() || !is_written || result.open_error != 0) return 2;
  sink.print();
  return result.damage ? 1 : 0;
}
