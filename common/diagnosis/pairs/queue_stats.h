// What the packets of one steady stream told so far: totals since the start for metrics, and the
// last minute for percentiles. Any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/diagnosis/pairs/delay_histogram.h"
#include "common/diagnosis/report.h"

namespace derp::diagnosis {

class QueueStats {
 public:
  void Delay(Duration delay);
  void Drop(std::uint64_t packets);

  struct Totals {
    DelayHistogram delays;
    std::uint64_t dropped = 0;
  };
  Totals totals() const;

  // What is reported covers the present slice and three before it.
  void NextSlice();
  // Sets received, lost and the percentiles.
  void Describe(QueueReport& report) const;

 private:
  static constexpr std::size_t kSlices = 4;
  static constexpr std::size_t kMostDelays = 16384;  // of a slice; later ones count, no more
  struct Slice {
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
    std::vector<Duration> delays;
  };

  mutable Mutex mutex_;
  Totals totals_ DERP_GUARDED_BY(mutex_);
  std::deque<Slice> slices_ DERP_GUARDED_BY(mutex_) = std::deque<Slice>(1);
};

// The nearest-rank percentile; `delays` sorted and not empty, `share` above 0 and at most 1.
Duration Percentile(const std::vector<Duration>& delays, double share);

}  // namespace derp::diagnosis
