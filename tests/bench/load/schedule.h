// When the packets of an open-loop run are due: packet k at start + k / rate, whatever became of
// those before it. Latency is counted from these times, so a server that stalls is charged for all
// that it kept waiting. No clock in here.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/clock.h"

namespace derp::load {

class Schedule {
 public:
  // `per_second` is above zero.
  Schedule(double per_second, TimePoint start) : per_second_(per_second), start_(start) {}

  TimePoint At(std::uint64_t packet) const {
    // Exact to a nanosecond for the first hundred days.
    const double seconds = static_cast<double>(packet) / per_second_;
    return start_ + Duration(static_cast<std::int64_t>(seconds * 1e9));
  }
  TimePoint Next() const { return At(taken_); }
  std::uint64_t taken() const { return taken_; }

  // The due time of the next packet when that has come; each is given once.
  std::optional<TimePoint> Take(TimePoint now) {
    const TimePoint due = Next();
    if (due > now) return std::nullopt;
    ++taken_;
    return due;
  }

 private:
  double per_second_;
  TimePoint start_;
  std::uint64_t taken_ = 0;
};

}  // namespace derp::load
