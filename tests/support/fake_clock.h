// A clock that a test moves by hand. Any thread may read it.
#pragma once

#include <atomic>

#include "common/base/clock.h"

namespace derp::test {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime wall = FromUnixSeconds(1'795'000'000)) : wall_(wall) {}
  TimePoint Now() const override { return now_; }
  WallTime WallNow() const override { return wall_; }
  void Advance(Duration by) {
    now_ = now_.load() + by;
    wall_ = wall_.load() + by;
  }

 private:
  std::atomic<TimePoint> now_{TimePoint(std::chrono::hours(1))};
  std::atomic<WallTime> wall_;
};

}  // namespace derp::test
