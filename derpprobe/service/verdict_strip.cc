#include "derpprobe/service/verdict_strip.h"

#include <algorithm>

namespace derp::probe {
namespace {

using diagnosis::Verdict;

std::int64_t BucketOf(WallTime time) {
  return UnixSeconds(time) / std::chrono::seconds(VerdictStrip::kBucketWidth).count();
}

std::size_t Slot(std::int64_t bucket) {
  return static_cast<std::size_t>(bucket) % VerdictStrip::kBuckets;
}

}  // namespace

void VerdictStrip::MoveTo(std::int64_t bucket) {
  if (newest_ == 0 || bucket - newest_ >= static_cast<std::int64_t>(kBuckets)) {
    ring_.fill(std::nullopt);
  } else {
    for (std::int64_t i = newest_ + 1; i <= bucket; ++i) ring_[Slot(i)].reset();
  }
  newest_ = std::max(newest_, bucket);
}

void VerdictStrip::Record(WallTime now, Verdict verdict) {
  if (verdict == Verdict::kUnknown) return;
  const std::int64_t bucket = BucketOf(now);
  if (bucket > newest_) MoveTo(bucket);
  std::optional<Verdict>& slot =
      ring_[Slot(newest_)];  // A clock that steps back stays in the newest.
  slot = slot ? std::max(*slot, verdict) : verdict;
}

std::array<std::optional<Verdict>, VerdictStrip::kBuckets> VerdictStrip::Buckets(
    WallTime now) const {
  std::array<std::optional<Verdict>, kBuckets> buckets{};
  const std::int64_t last = std::max(BucketOf(now), newest_);
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const std::int64_t number = last - static_cast<std::int64_t>(kBuckets - 1 - i);
    const bool held =
        newest_ > 0 && number <= newest_ && number > newest_ - static_cast<std::int64_t>(kBuckets);
    if (held) buckets[i] = ring_[Slot(number)];
  }
  return buckets;
}

}  // namespace derp::probe
