// The step log of a node's last failed walk: what each stage did, in the order of the chain, kept
// for pages after the node recovered. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/diagnosis/report.h"

namespace derp::probe {

struct FailureLog {
  WallTime at;
  std::vector<std::string> lines;  // plain text
};

// One line per stage: "cert ipv4: fail, 1.2 ms, cert.expired: not after …".
std::vector<std::string> StepLog(const diagnosis::NodeReport& node);

// Whether a judged walk is worth remembering: a stage failed.
bool HasFailed(const diagnosis::NodeReport& node);

}  // namespace derp::probe
