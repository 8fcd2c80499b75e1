// The classic token bucket: full at start, refilled continuously. Time is handed in.
#pragma once

#include "common/base/clock.h"

namespace derp {

class TokenBucket {
 public:
  // `rate` tokens per second up to `burst`. An infinite rate always passes.
  TokenBucket(double rate, double burst, TimePoint now);

  // Takes `count` if they are there.
  bool Take(double count, TimePoint now);

  // Takes `count` in any case and returns how long to wait until they would have been there.
  Duration Borrow(double count, TimePoint now);

 private:
  void Refill(TimePoint now);

  double rate_;
  double burst_;
  double tokens_;
  TimePoint last_;
};

}  // namespace derp
