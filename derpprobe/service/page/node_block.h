// One node in its region's opened row: verdict, facts, a chip per stage and family, the log of its
// last failure. Pure.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/diagnosis/report.h"
#include "derpprobe/service/failure_log.h"

namespace derp::probe {

// Brief chips gather the stages that went well into one, without their times.
enum class Chips { kFull, kBrief };

std::string NodeBlock(const diagnosis::NodeReport& node, Chips chips);

std::string StageChips(const diagnosis::NodeReport& node, Chips chips);

// The last failure, folded.
std::string FailureBlock(const FailureLog& failure, WallTime now);

}  // namespace derp::probe
