#include "stunc/series.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace derp::stunc {
namespace {

// Nearest rank: a value that was measured. `sorted` is not empty.
Duration Percentile(const std::vector<Duration>& sorted, std::size_t percent) {
  const std::size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

Duration Median(const std::vector<Duration>& sorted) {
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 != 0) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
}

Duration Average(const std::vector<Duration>& values) {
  const Duration sum = std::accumulate(values.begin(), values.end(), Duration::zero());
  return sum / static_cast<Duration::rep>(values.size());
}

Duration Deviation(const std::vector<Duration>& values, Duration average) {
  double squares = 0;
  for (const Duration value : values) {
    const auto difference = static_cast<double>((value - average).count());
    squares += difference * difference;
  }
  return Duration(std::llround(std::sqrt(squares / static_cast<double>(values.size()))));
}

Duration Jitter(const std::vector<Duration>& values) {
  if (values.size() < 2) return Duration::zero();
  Duration sum{};
  for (std::size_t i = 1; i < values.size(); ++i) {
    sum += std::chrono::abs(values[i] - values[i - 1]);
  }
  return sum / static_cast<Duration::rep>(values.size() - 1);
}

}  // namespace

void Series::AddReply(Duration rtt, const SocketAddress& mapped) {
  ++sent_;
  round_trips_.push_back(rtt);
  if (mapped_ && *mapped_ != mapped) ++mapping_changes_;
  mapped_ = mapped;
}

double Series::LossPercent() const {
  if (sent_ == 0) return 0;
  return 100.0 * static_cast<double>(sent_ - received()) / static_cast<double>(sent_);
}

std::optional<RoundTrips> Series::Summary() const {
  if (round_trips_.empty()) return std::nullopt;
  std::vector<Duration> sorted = round_trips_;
  std::sort(sorted.begin(), sorted.end());
  const Duration average = Average(sorted);
  return RoundTrips{.min = sorted.front(),
                    .average = average,
                    .median = Median(sorted),
                    .p90 = Percentile(sorted, 90),
                    .max = sorted.back(),
                    .deviation = Deviation(sorted, average),
                    .jitter = Jitter(round_trips_)};
}

}  // namespace derp::stunc
