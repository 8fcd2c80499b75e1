// The HTTP texts around a DERP connection: the upgrade request and the 101 reply
// (derp-protocol.md 3.2, 3.3). Parsing of HTTP heads is in common/http.
#pragma once

#include <string>
#include <string_view>

#include "common/crypto/keys.h"

namespace derp::wire {

struct UpgradeRequest {
  std::string path = "/derp";
  std::string host{};        // value of the Host header, port included where it belongs
  std::string ideal_node{};  // empty: no such header
  bool fast_start = false;
};

std::string UpgradeRequestText(const UpgradeRequest& request);
std::string UpgradeReplyText(const NodePublic& server);

}  // namespace derp::wire
