// A cumulative histogram as the reference exports it (derpprobe.md 5.7): an observation counts in
// every bucket at or above it, and all buckets are there from the start. Not thread-safe.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace derp::diagnosis {

class DelayHistogram {
 public:
  // Upper bounds in seconds, ascending; the reference's when none are given.
  explicit DelayHistogram(std::vector<double> bounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                        1});

  void Observe(double seconds);

  const std::vector<std::pair<double, std::uint64_t>>& buckets() const { return buckets_; }
  std::uint64_t count() const { return count_; }
  double sum() const { return sum_; }

 private:
  std::vector<std::pair<double, std::uint64_t>> buckets_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

}  // namespace derp::diagnosis
