// How often each duration was seen, in buckets of 1/64 of their power of two: percentiles are at
// most 1.6 % too high, in 20 KiB, whatever is recorded. Values are nanoseconds; those above
// kGreatest (73 minutes) count as that. One thread; histograms of several are merged.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace derp::load {

class Histogram {
 public:
  static constexpr std::uint64_t kGreatest = (std::uint64_t{1} << 42) - 1;

  void Record(std::uint64_t value) {
    if (value > kGreatest) value = kGreatest;
    ++buckets_[IndexOf(value)];
    ++count_;
    sum_ += value;
    if (value > max_) max_ = value;
    if (value < min_) min_ = value;
  }
  void Merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
  double Mean() const;
  // The least value that at least `part` (0 to 1) of what was recorded does not exceed, rounded up
  // to its bucket's end; 0 when nothing was recorded.
  std::uint64_t Percentile(double part) const;

  static constexpr std::size_t IndexOf(std::uint64_t value) {
    if (value < kParts) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kPartBits;
    return (shift + 1) * kParts + (value >> shift) - kParts;
  }
  static constexpr std::uint64_t GreatestOf(std::size_t index) {
    if (index < kParts) return index;
    const std::size_t shift = index / kParts - 1;
    return ((index % kParts + kParts + 1) << shift) - 1;
  }

 private:
  static constexpr unsigned kPartBits = 6;
  static constexpr std::size_t kParts = 1 << kPartBits;

  std::array<std::uint64_t, (42 - kPartBits + 1) * kParts> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
  std::uint64_t min_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace derp::load
