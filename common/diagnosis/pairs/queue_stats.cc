#include "common/diagnosis/pairs/queue_stats.h"

#include <algorithm>
#include <cmath>

namespace derp::diagnosis {

void QueueStats::Delay(Duration delay) {
  const MutexLock lock(mutex_);
  totals_.delays.Observe(std::chrono::duration<double>(delay).count());
  Slice& slice = slices_.back();
  ++slice.received;
  if (slice.delays.size() < kMostDelays) slice.delays.push_back(delay);
}

void QueueStats::Drop(std::uint64_t packets) {
  const MutexLock lock(mutex_);
  totals_.dropped += packets;
  slices_.back().lost += packets;
}

QueueStats::Totals QueueStats::totals() const {
  const MutexLock lock(mutex_);
  return totals_;
}

void QueueStats::NextSlice() {
  const MutexLock lock(mutex_);
  slices_.emplace_back();
  if (slices_.size() > kSlices) slices_.pop_front();
}

void QueueStats::Describe(QueueReport& report) const {
  std::vector<Duration> delays;
  report.received = 0;
  report.lost = 0;
  {
    const MutexLock lock(mutex_);
    for (const Slice& slice : slices_) {
      report.received += slice.received;
      report.lost += slice.lost;
      delays.insert(delays.end(), slice.delays.begin(), slice.delays.end());
    }
  }
  if (delays.empty()) return;
  std::sort(delays.begin(), delays.end());
  report.p50 = Percentile(delays, 0.5);
  report.p99 = Percentile(delays, 0.99);
  report.most = delays.back();
}

Duration Percentile(const std::vector<Duration>& delays, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(delays.size())));
  return delays[std::clamp<std::size_t>(rank, 1, delays.size()) - 1];
}

}  // namespace derp::diagnosis
