/// Reads a capture file from disk. Compressed files and pipes are not its business: those are read
/// by JavaScript and pushed to a CaptureParser in pieces.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "capture/frame_sink.h"
#include "capture/parser.h"

namespace picket {

struct FileResult {
  int open_error = 0;  ///< errno when the file could not be opened; then nothing else happened
  std::optional<Damage> damage;
};

/// Delivers the frames of a pcap or pcapng file until its end, its damage, or `stop`, which is
/// looked at every 256 KiB. Adds to `read_bytes` as it goes.
FileResult read_capture_file(const std::string& path, FrameSink& sink,
                             const std::atomic<bool>& stop, std::atomic<uint64_t>& read_bytes);

}  // namespace picket
