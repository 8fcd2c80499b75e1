// A walk that measured only the classes that were due keeps what an earlier walk found for the
// rest.
#pragma once

#include "common/diagnosis/report.h"

namespace derp::probe {

// Fills the stages of `fresh` that were not asked for, their findings and figures, from `before`.
// The two are reports of the same node.
void CarryOver(const diagnosis::NodeReport& before, diagnosis::NodeReport& fresh);

}  // namespace derp::probe
