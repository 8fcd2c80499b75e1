// The last 24 hours of one region in 96 quarter hours, worst verdict wins (design: status page).
// Kept in memory only. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "common/base/clock.h"
#include "common/diagnosis/finding.h"

namespace derp::probe {

class VerdictStrip {
 public:
  static constexpr std::size_t kBuckets = 96;
  static constexpr auto kBucketWidth = std::chrono::minutes(15);

  void Record(WallTime now, diagnosis::Verdict verdict);

  // Oldest first; empty where nothing was measured. kUnknown counts as no data.
  std::array<std::optional<diagnosis::Verdict>, kBuckets> Buckets(WallTime now) const;

 private:
  void MoveTo(std::int64_t bucket);

  std::int64_t newest_ = 0;  // number of the bucket at the end of the ring, 0: nothing recorded yet
  std::array<std::optional<diagnosis::Verdict>, kBuckets> ring_{};  // by number modulo kBuckets
};

}  // namespace derp::probe
