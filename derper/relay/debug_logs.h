// What operators who hunt a problem can have logged beyond the usual, by the Go program's
// environment variables (derp-protocol.md 13).
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/crypto/keys.h"

namespace derp::relay {

struct DebugLogs {
  std::vector<NodePublic> drops_to{};  // TS_DEBUG_VERBOSE_DROPS: drops towards these keys
  bool frames = false;                 // DERP_DEBUG_LOGS: every frame read
  bool prober_frames = false;          // DERP_PROBER_DEBUG_LOGS: those of declared probers

  static Expected<DebugLogs, Error> FromEnvironment(
      const std::map<std::string, std::string>& environment);

  bool Drop(const NodePublic& destination) const {
    return !drops_to.empty() && std::ranges::find(drops_to, destination) != drops_to.end();
  }
};

}  // namespace derp::relay
