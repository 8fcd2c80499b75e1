// derp.several_keys: greetings of one node that name different servers, found within a walk or over
// rounds (findings.md rule 9).
#pragma once

#include <optional>
#include <set>

#include "common/crypto/keys.h"
#include "common/diagnosis/report.h"

namespace derp::diagnosis {

// Notes the finding and fails stage derp where it was ok. Once per report.
void ReportSeveralKeys(const std::set<NodePublic>& keys, std::optional<AddressFamily> family,
                       NodeReport& report);

// What several relays behind one name do to the packets between two clients is no second fault: an
// error of stage relay goes, the stage is not reached.
void ExcuseRelay(NodeReport& report);

}  // namespace derp::diagnosis
