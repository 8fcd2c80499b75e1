#include "derpprobe/service/verdict_strip.h"

#include <algorithm>

#include <fmt/format.h>

namespace derp::probe {
namespace {

using diagnosis::Verdict;

std::int64_t BucketOf(WallTime time) {
  return UnixSeconds(time) / std::chrono::seconds(VerdictStrip::kBucketWidth).count();
}

std::size_t Slot(std::int64_t bucket) {
  return static_cast<std::size_t>(bucket) % VerdictStrip::kBuckets;
}

struct Bar {
  std::string_view css_class;
  double top;
  double height;
};

constexpr double kHeight = 22;
constexpr double kBarWidth = 2.5;

Bar BarOf(const std::optional<Verdict>& verdict) {
  if (verdict == Verdict::kUsable) return {"ok", 13.2, 8.8};
  if (verdict == Verdict::kImpaired) return {"warn", 6.6, 15.4};
  if (verdict == Verdict::kUnusable) return {"fail", 0, kHeight};
  return {"unk", 1, kHeight - 2};
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

std::string VerdictStrip::Svg(WallTime now) const {
  const auto buckets = Buckets(now);
  std::string bars;
  std::array<int, 4> counts{};  // usable, impaired, unusable, no data
  for (std::size_t from = 0; from < kBuckets;) {
    std::size_t to = from;
    while (to < kBuckets && buckets[to] == buckets[from]) ++to;
    counts[buckets[from] ? static_cast<std::size_t>(*buckets[from]) : 3] +=
        static_cast<int>(to - from);
    const Bar bar = BarOf(buckets[from]);
    bars += fmt::format(R"(<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>)",
                        bar.css_class, static_cast<double>(from) * kBarWidth, bar.top,
                        static_cast<double>(to - from) * kBarWidth - 0.6, bar.height);
    from = to;
  }
  return fmt::format(
      R"(<svg class="strip" viewBox="0 0 240 22" preserveAspectRatio="none" role="img" aria-label="last 24 hours: {} of {} intervals ok, {} impaired, {} unusable, {} without data">{}</svg>)",
      counts[0], kBuckets, counts[1], counts[2], counts[3], bars);
}

}  // namespace derp::probe
