// Measured values as people read them in facts and columns (output.md).
#pragma once

#include <string>

#include "common/base/clock.h"

namespace derp::diagnosis {

std::string Milliseconds(Duration duration);   // "1.1 ms", "0.04 ms", "1.2 s" from one second on
std::string ShortDuration(Duration duration);  // "10 s", "2.5 s", "250 ms"
std::string Count(std::size_t count, std::string_view singular, std::string_view plural);

}  // namespace derp::diagnosis
