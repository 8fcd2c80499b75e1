// A clock that a test moves by hand.
#pragma once

#include "common/base/clock.h"

namespace derp::test {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime wall = FromUnixSeconds(1'795'000'000)) : wall_(wall) {}
  TimePoint Now() const override { return now_; }
  WallTime WallNow() const override { return wall_; }
  void Advance(Duration by) {
    now_ += by;
    wall_ += by;
  }

 private:
  TimePoint now_{std::chrono::hours(1)};
  WallTime wall_;
};

}  // namespace derp::test
