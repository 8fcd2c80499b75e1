// The address of a relay as flags give it: "https://host[:port][/path]", or http for plain text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace derp {

struct RelayUrl {
  bool tls = true;
  std::string host;  // a name, or an IP literal without brackets
  std::uint16_t port = 443;
  std::string path = "/derp";

  // Empty on another scheme, user names, queries, blanks and control bytes, or a bad port.
  static std::optional<RelayUrl> Parse(std::string_view text);

  std::string HostHeader() const;  // the port only where it is not the scheme's own
  std::string ToString() const;
};

}  // namespace derp
