// The last 24 hours as 96 quarter hours, worst verdict wins: bars whose height carries the state
// (low ok, mid impaired, full unusable, dashed no data), runs merged. Pure.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/diagnosis/finding.h"
#include "derpprobe/history/past.h"

namespace derp::probe {

// Oldest first; empty where nothing was measured.
using DayVerdicts = std::array<std::optional<diagnosis::Verdict>, kDayBuckets>;

DayVerdicts VerdictsOf(const Past& past, WallTime now);

// An SVG image with the counts in words.
std::string DayStrip(const DayVerdicts& day);

}  // namespace derp::probe
