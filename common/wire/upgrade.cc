#include "common/wire/upgrade.h"

#include <fmt/format.h>

#include "common/wire/login.h"

namespace derp::wire {
namespace {

// Host and node names come from maps: a line end in one must not become a header of its own.
std::string WithoutControls(std::string_view text) {
  std::string kept;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) kept.push_back(c);
  }
  return kept;
}

}  // namespace

std::string UpgradeRequestText(const UpgradeRequest& request) {
  // The order is Go's: Host, User-Agent, then the others by name.
  std::string text = fmt::format(
      "GET {} HTTP/1.1\r\n"
      "Host: {}\r\n"
      "User-Agent: Go-http-client/1.1\r\n"
      "Connection: Upgrade\r\n",
      WithoutControls(request.path), WithoutControls(request.host));
  if (request.fast_start) text += "Derp-Fast-Start: 1\r\n";
  if (!request.ideal_node.empty())
    text += fmt::format("Ideal-Node: {}\r\n", WithoutControls(request.ideal_node));
  return text + "Upgrade: DERP\r\n\r\n";
}

std::string UpgradeReplyText(const NodePublic& server) {
  return fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: DERP\r\n"
      "Connection: Upgrade\r\n"
      "Derp-Version: {}\r\n"
      "Derp-Public-Key: {}\r\n\r\n",
      kProtocolVersion, server.UntypedHex());
}

}  // namespace derp::wire
