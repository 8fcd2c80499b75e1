// A report as the JSON Go writes (netcheck.md 2.1): members in its order, keys sorted as text,
// latencies in nanoseconds.
#pragma once

#include <string>

#include "netcheck/measure/report.h"

namespace derp::netcheck {

// Either ends with a line end: tabs for levels, or one line without blanks.
enum class JsonLayout { kIndented, kOneLine };
std::string FormatJson(const Report& report, JsonLayout layout);

}  // namespace derp::netcheck
