// How long a mesh link waits before it dials again.
#pragma once

#include "common/base/clock.h"
#include "common/crypto/random.h"

namespace derp::relay {

// After `failures` in a row, at least one. Relays of a region often start together, so the first
// tries come quickly, then every 5 s as in Go; up to half of it is taken off at random, so that the
// links of many relays do not come back to a restarted one in step.
Duration MeshRetryDelay(unsigned failures, RandomSource& random);

}  // namespace derp::relay
