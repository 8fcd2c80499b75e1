// Who is inside the percentage of an unpublished bootstrap name: a stable choice by address, so
// that a client is not in one minute and out the next (derper.md 2.6).
#pragma once

#include "common/base/socket_address.h"
#include "common/crypto/random.h"

namespace derp::relay {

// Where in [0, 1) an address falls.
double ShareOf(const IpAddress& address);

// `share`: 0 nobody, 1 everybody. On this machine chance decides each time, so that a test sees
// both.
bool InShare(const IpAddress& address, double share, RandomSource& random);

}  // namespace derp::relay
