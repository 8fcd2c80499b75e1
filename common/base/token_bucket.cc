#include "common/base/token_bucket.h"

#include <algorithm>
#include <cmath>

namespace derp {

TokenBucket::TokenBucket(double rate, double burst, TimePoint now)
    : rate_(rate), burst_(burst), tokens_(burst), last_(now) {}

void TokenBucket::Refill(TimePoint now) {
  if (now <= last_) return;
  const double elapsed = std::chrono::duration<double>(now - last_).count();
  tokens_ = std::min(burst_, tokens_ + rate_ * elapsed);
  last_ = now;
}

bool TokenBucket::Take(double count, TimePoint now) {
  if (std::isinf(rate_)) return true;
  Refill(now);
  if (tokens_ < count) return false;
  tokens_ -= count;
  return true;
}

Duration TokenBucket::Borrow(double count, TimePoint now) {
  if (std::isinf(rate_)) return Duration::zero();
  Refill(now);
  tokens_ -= count;
  if (tokens_ >= 0) return Duration::zero();
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(-tokens_ / rate_));
}

}  // namespace derp
