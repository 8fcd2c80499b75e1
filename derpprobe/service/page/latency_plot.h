// Round trips and losses of the last 24 hours as a picture: line of medians, band from the 10th to
// the 90th percentile, a triangle where some packets were lost, a solid bar where nothing came back
// at all, a dashed box where nothing was measured. The axis begins at zero. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "derpprobe/history/past.h"

namespace derp::probe {

// A figure with a caption that says the same in words; empty when the day holds no round at all.
// `title` is plain text.
std::string LatencyPlot(std::string_view title, const Past& past, WallTime now);

}  // namespace derp::probe
