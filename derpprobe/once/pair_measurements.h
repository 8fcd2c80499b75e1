// What -once measures of pairs of nodes after the walks: one bandwidth pass, then queuing delay for
// -qd-once-duration, when they are asked for. Always bounded.
#pragma once

#include <functional>
#include <string>

#include "common/derpmap/model.h"
#include "common/diagnosis/measure.h"
#include "derpprobe/classes/views.h"
#include "derpprobe/options/options.h"

namespace derp::probe {

ClassIntervals IntervalsOf(const Options& options);

// Adds to what the walks gave. Pairs that cannot carry packets are not tried. Blocks; `show` is
// called in another thread meanwhile.
void MeasurePairs(const Options& options, const derpmap::DerpMap& map,
                  const diagnosis::MeshKeyRule& key_rule, const diagnosis::WalkContext& context,
                  const std::function<void(const std::string&)>& show,
                  diagnosis::Measurement& measured);

}  // namespace derp::probe
