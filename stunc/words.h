// Durations as reports show them.
#pragma once

#include <string>

#include "common/base/clock.h"

namespace derp::stunc {

double Milliseconds(Duration duration);
std::string RoundTripText(Duration duration);  // "4.2 ms", below a millisecond "0.08 ms"
std::string WaitText(Duration duration);       // "3 s", "300 ms"

}  // namespace derp::stunc
