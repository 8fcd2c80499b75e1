// What is remembered of a node or a region beyond the newest round: plain values that the history
// fills and pages, JSON and alerts read.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/diagnosis/finding.h"

namespace derp::probe {

inline constexpr auto kBucketWidth = std::chrono::minutes(15);
inline constexpr std::size_t kDayBuckets = 96;

// One quarter of an hour.
struct PastBucket {
  std::int64_t number = 0;                                  // whole quarter hours since 1970
  std::uint32_t rounds = 0;                                 // judged, kUnknown not among them
  std::uint32_t available = 0;                              // of these: usable or impaired
  diagnosis::Verdict worst = diagnosis::Verdict::kUnknown;  // kUnknown: no data
  // Round trips through the relay (of a region: of its best node); empty when none was measured.
  std::optional<Duration> p10;
  std::optional<Duration> median;
  std::optional<Duration> p90;
  // Packets and STUN requests of the rounds, and those that went unanswered.
  std::uint32_t sent = 0;
  std::uint32_t lost = 0;

  bool operator==(const PastBucket&) const = default;
};

struct Past {
  std::vector<PastBucket>
      day;  // the last 24 hours, oldest first; quarters without data are missing
  std::optional<double> availability;  // share of the rounds of up to 30 days, 0 to 1
  Duration observed{};                 // how much of the 30 days was measured
};

}  // namespace derp::probe
