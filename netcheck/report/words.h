// The small texts of a report, as Go prints them (netcheck.md 2.2).
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace derp::netcheck {

// Rounded to 0.1 ms, half away from zero: "8.5ms", "900µs", "1m1s".
std::string LatencyText(Duration latency);

// `text` with blanks up to `width` columns, each code point being one.
std::string PadRight(std::string_view text, std::size_t width);
std::string PadLeft(std::string_view text, std::size_t width);

// "2026-06-01 14:12:32.252620138-07:00" for a zone that many seconds east of UTC.
std::string TimeText(WallTime time, std::chrono::seconds zone);

// "2026-06-01T21:12:32.252620138Z".
std::string UtcText(WallTime time);

// This machine's zone at `time`.
std::chrono::seconds LocalZone(WallTime time);

}  // namespace derp::netcheck
