// Which addresses a relay's certificate may send the prober to (derpprobe.md 5.4): plain HTTP and
// public addresses, so that nobody can have it look into its own network. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/socket_address.h"

namespace derp::diagnosis {

struct PlainUrl {
  std::string host;  // a name or a literal, without brackets
  std::uint16_t port = 80;
};

// Empty for other schemes, user names, more than 2 KiB, and whatever no URL can hold.
std::optional<PlainUrl> ParsePlainUrl(std::string_view url);

// False for what IANA's registries of special-purpose addresses keep from the Internet, also when
// it hides in an IPv6 address that translates to IPv4.
bool IsPublicAddress(const IpAddress& address);

}  // namespace derp::diagnosis
