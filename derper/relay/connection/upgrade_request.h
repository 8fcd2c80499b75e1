// What a request to a listener asks for: the DERP stream, or something of the site
// (derp-protocol.md 3.3).
#pragma once

#include <string_view>

#include "common/http/request.h"

namespace derp::relay {

struct UpgradeRequest {
  enum class Kind {
    kSite,       // not for us
    kDerp,       // switch protocols
    kWebSocket,  // the same within WebSocket; no fast start, and no node is named (3.8)
    kNoUpgrade,  // 426
  };
  Kind kind = Kind::kSite;
  bool fast_start = false;
  bool not_ideal = false;  // the client names another node as the one it wants
};

UpgradeRequest JudgeRequest(const http::Request& request);

inline constexpr std::string_view kNoUpgradeText = "DERP requires connection upgrade";

}  // namespace derp::relay
