// How long to wait before the next try: 1 s, doubled with each failure up to 60 s, with jitter;
// from the start again after a run that stood for 60 s (derpprobe.md 4.5). Not thread-safe.
#pragma once

#include <chrono>

#include "common/base/clock.h"
#include "common/crypto/random.h"

namespace derp::diagnosis {

class Backoff {
 public:
  explicit Backoff(RandomSource& random) : random_(random) {}

  // After a run that was healthy for `healthy`. Between three quarters of the step and all of it.
  Duration Next(Duration healthy);

 private:
  static constexpr Duration kFirst = std::chrono::seconds(1);
  static constexpr Duration kLongest = std::chrono::seconds(60);

  RandomSource& random_;
  Duration step_ = kFirst;
};

}  // namespace derp::diagnosis
