#include "derper/relay/connection/upgrade_request.h"

#include <string>

#include "common/base/text.h"

namespace derp::relay {

UpgradeRequest JudgeRequest(const http::Request& request) {
  if (request.path != "/derp" || request.method() == "CONNECT") return {};
  const http::Headers& headers = request.head.headers;
  // The method, the Connection header and the minor version are not checked, as in Go.
  const std::string upgrade = ToLowerAscii(headers.Get("Upgrade"));
  // Very old clients said "websocket" and meant a raw stream; those that name the sub-protocol
  // mean a real WebSocket.
  const bool is_web_socket =
      upgrade == "websocket" &&
      headers.Get("Sec-WebSocket-Protocol").find("derp") != std::string_view::npos;
  if (is_web_socket) return {.kind = UpgradeRequest::Kind::kWebSocket};
  const bool accepted = upgrade == "derp" || upgrade == "websocket";
  return {.kind = accepted ? UpgradeRequest::Kind::kDerp : UpgradeRequest::Kind::kNoUpgrade,
          .fast_start = headers.Get("Derp-Fast-Start") == "1",
          .not_ideal = !headers.Get("Ideal-Node").empty()};
}

}  // namespace derp::relay
