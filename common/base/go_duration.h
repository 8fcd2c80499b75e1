// Durations as Go prints and reads them (time.Duration in Go's package time): "1m30s", "483.427µs".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace derp {

// derpprobe.md A.3: full precision, no trailing zeros, "0s" for zero.
std::string FormatGoDuration(Duration duration);

// derper.md 1.1: optional sign, then <decimal><unit> once or more; units ns us µs μs ms s m h;
// plain "0". Empty when the text is not of that form or exceeds 64-bit nanoseconds.
std::optional<Duration> ParseGoDuration(std::string_view text);

}  // namespace derp
