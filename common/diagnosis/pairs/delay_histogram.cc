#include "common/diagnosis/pairs/delay_histogram.h"

namespace derp::diagnosis {

DelayHistogram::DelayHistogram(std::vector<double> bounds) {
  for (const double bound : bounds) buckets_.emplace_back(bound, 0);
}

void DelayHistogram::Observe(double seconds) {
  for (auto& [bound, count] : buckets_) {
    if (seconds <= bound) ++count;
  }
  ++count_;
  sum_ += seconds;
}

}  // namespace derp::diagnosis
