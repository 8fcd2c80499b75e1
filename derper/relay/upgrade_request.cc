#include "derper/relay/upgrade_request.h"

#include <string>

#include "common/base/text.h"

namespace derp::relay {

UpgradeRequest JudgeRequest(const http::RequestHead& head) {
  const std::string_view target = head.target;
  if (target.substr(0, target.find('?')) != "/derp" || head.method == "CONNECT") return {};
  // The method, the Connection header and the minor version are not checked, as in Go.
  const std::string upgrade = ToLowerAscii(head.headers.Get("Upgrade"));
  UpgradeRequest request;
  // Very old clients said "websocket" and meant a raw stream; those that name the sub-protocol
  // mean a real WebSocket.
  const bool is_web_socket =
      upgrade == "websocket" &&
      head.headers.Get("Sec-WebSocket-Protocol").find("derp") != std::string_view::npos;
  const bool accepted = (upgrade == "derp" || upgrade == "websocket") && !is_web_socket;
  request.kind = accepted ? UpgradeRequest::Kind::kDerp : UpgradeRequest::Kind::kNoUpgrade;
  request.fast_start = head.headers.Get("Derp-Fast-Start") == "1";
  request.not_ideal = !head.headers.Get("Ideal-Node").empty();
  return request;
}

}  // namespace derp::relay
