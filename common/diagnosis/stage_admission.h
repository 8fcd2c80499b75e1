// Stage admission: whether two keys that nobody knows may use the relay (findings.md 3). Blocking;
// on connections of its own, without the mesh key.
#pragma once

#include <optional>
#include <string>

#include "common/base/socket_address.h"
#include "common/derpmap/model.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/walk_context.h"

namespace derp::diagnosis {

struct AdmissionStage {
  std::optional<Finding> finding;  // admission.open; none: strangers are kept out
  std::string untold;              // why nothing can be said, else empty
  Duration duration{};
};

AdmissionStage RunAdmission(const SocketAddress& address, const derpmap::Node& node,
                            const WalkContext& context, TimePoint deadline);

// Packets passed between two fresh keys; the first after `first`.
Finding AdmissionOpen(std::optional<Duration> first);

}  // namespace derp::diagnosis
