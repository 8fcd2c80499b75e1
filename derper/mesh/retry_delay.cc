#include "derper/mesh/retry_delay.h"

#include <algorithm>

#include "common/base/defaults.h"

namespace derp::relay {
namespace {

constexpr Duration kFirstRetry = std::chrono::milliseconds(250);

}  // namespace

Duration MeshRetryDelay(unsigned failures, RandomSource& random) {
  const unsigned doublings = std::min(failures == 0 ? 0U : failures - 1, 10U);
  const Duration longest = std::min<Duration>(kFirstRetry * (1 << doublings), kMeshRetryInterval);
  const double share = 1 - random.Unit() / 2;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(longest) * share);
}

}  // namespace derp::relay
