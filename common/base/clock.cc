#include "common/base/clock.h"

#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>

namespace derp {

TimePoint SystemClock::Now() const { return std::chrono::steady_clock::now(); }

WallTime SystemClock::WallNow() const { return std::chrono::system_clock::now(); }

std::int64_t UnixSeconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

WallTime FromUnixSeconds(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

std::string FormatRfc3339(WallTime time) {
  const std::time_t seconds = UnixSeconds(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(seconds));
}

Duration Remaining(TimePoint now, TimePoint deadline) {
  return std::max(Duration::zero(), Duration(deadline - now));
}

}  // namespace derp
