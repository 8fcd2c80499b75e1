// Time as an injected dependency. Intervals and deadlines use the steady clock; the wall clock is
// for display and certificates only.
#pragma once

#include <chrono>
#include <string>

namespace derp {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

// The machine's clocks. Stateless: any thread.
class SystemClock final : public Clock {
 public:
  TimePoint Now() const override;
  WallTime WallNow() const override;
};

// "2026-11-21T11:10:23Z", whole seconds, UTC.
std::string FormatRfc3339(WallTime time);

// Whole seconds since the Unix epoch, rounded down.
std::int64_t UnixSeconds(WallTime time);
WallTime FromUnixSeconds(std::int64_t seconds);

// What is left until `deadline`, never negative.
Duration Remaining(TimePoint now, TimePoint deadline);

}  // namespace derp
