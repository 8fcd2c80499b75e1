// JSON texts as the reference's encoder writes them (derpprobe.md 7.1): members in their order,
// durations as whole nanoseconds, empty lists as null, and what HTML could misread as \u escapes.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/metrics/registry.h"
#include "derpprobe/schedule/probe_record.h"

namespace derp::probe {

std::string GoJsonQuote(std::string_view text);
// "2026-11-21T11:10:23.5Z" in quotes; none: Go's zero time.
std::string GoJsonTime(const std::optional<WallTime>& time);

// ProbeInfo. An empty `info` is the reference's empty one.
std::string ProbeInfoJson(const ProbeInfo& info);

// One probe's run: the record after it, and what stood before.
struct ProbeRun {
  ProbeInfo info;
  double previous_ratio = 0;
  Duration previous_median{};
};
std::string ProbeRunJson(const ProbeRun& run);

// /debug/vars: each family as a number, or as an object by labels.
std::string VarsJson(const std::vector<metrics::Family>& families);

}  // namespace derp::probe
