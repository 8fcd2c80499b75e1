// Stage ws: a DERP connection over WebSocket as a browser opens it, up to the relay's greeting
// (derp-protocol.md 3.8). Blocking.
#pragma once

#include <optional>

#include "common/crypto/keys.h"
#include "common/derpmap/model.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/walk_context.h"
#include "common/net/byte_stream.h"

namespace derp::diagnosis {

struct WsStage {
  std::optional<Finding> finding;    // none: ok
  Duration duration{};               // from the request to the greeting
  std::optional<NodePublic> server;  // the greeting's key
};

WsStage RunWs(net::ByteStream& stream, const derpmap::Node& node, const WalkContext& context,
              TimePoint deadline);

// No connection was to be had for it.
Finding WsUnconnected(const Error& error);

}  // namespace derp::diagnosis
