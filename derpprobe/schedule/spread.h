// Where in its interval a probe starts (derpprobe.md 4.3): the same point after every restart, and
// another one on every prober, so that several probers of one map do not fire together.
#pragma once

#include <string_view>

#include "common/base/clock.h"

namespace derp::probe {

// In [0, 1), stable for the pair. `instance` is usually the host name.
double SpreadFraction(std::string_view instance, std::string_view probe_name);

Duration SpreadDelay(std::string_view instance, std::string_view probe_name, Duration interval);

}  // namespace derp::probe
