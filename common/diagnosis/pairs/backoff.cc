#include "common/diagnosis/pairs/backoff.h"

#include <algorithm>

namespace derp::diagnosis {

Duration Backoff::Next(Duration healthy) {
  if (healthy >= kLongest) step_ = kFirst;
  const auto least = step_ * 3 / 4;
  const Duration wait = least + Duration(static_cast<std::int64_t>(
                                    random_.Unit() * static_cast<double>((step_ - least).count())));
  step_ = std::min(step_ * 2, kLongest);
  return wait;
}

}  // namespace derp::diagnosis
