// Where a walk looks for a node: what the map says of each family, and what DNS adds (findings.md
// rules 5, 7; derp-protocol.md 6.2). Stage dns.
#pragma once

#include <string>
#include <vector>

#include "common/derpmap/model.h"
#include "common/diagnosis/recorder.h"
#include "common/diagnosis/walk_context.h"

namespace derp::diagnosis {

struct FamilyPlan {
  AddressFamily family = AddressFamily::kIpv4;
  std::vector<IpAddress> addresses;  // empty: skipped, for `skip_reason`
  std::string skip_reason;
};

// Both families, and the dns stage recorded. Asks DNS only where the map gives no literal. False
// when the walk ends here: no address at all.
bool PlanFamilies(const derpmap::Node& node, const WalkContext& context, TimePoint deadline,
                  Recorder& recorder, std::vector<FamilyPlan>& plans);

}  // namespace derp::diagnosis
