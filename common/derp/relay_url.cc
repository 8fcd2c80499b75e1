#include "common/derp/relay_url.h"

#include <algorithm>
#include <charconv>

#include "common/base/socket_address.h"

namespace derp {
namespace {

constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kHttpPort = 80;

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (port == 0 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// A bare name, an IPv4 literal, or an IPv6 literal in brackets, without a port.
std::optional<std::string> ParseBareHost(std::string_view text) {
  const bool bracketed = text.starts_with('[') && text.ends_with(']');
  if (bracketed) text = text.substr(1, text.size() - 2);
  if (text.empty() || text.find_first_of("[]") != std::string_view::npos) return std::nullopt;
  const bool colons = text.find(':') != std::string_view::npos;
  if (bracketed ? !IpAddress::Parse(text) : colons) return std::nullopt;
  return std::string(text);
}

}  // namespace

std::optional<RelayUrl> RelayUrl::Parse(std::string_view text) {
  RelayUrl url;
  if (text.starts_with("https://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
    url.tls = false;
    url.port = kHttpPort;
  } else {
    return std::nullopt;
  }
  if (!IsPlain(text) || text.find_first_of("@?#\\") != std::string_view::npos) return std::nullopt;
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    url.path = text.substr(slash);
    text = text.substr(0, slash);
  }
  if (const auto host = ParseBareHost(text)) {
    url.host = *host;
    return url;
  }
  const auto split = SplitHostPort(text);
  if (!split || split->host.empty()) return std::nullopt;
  const auto port = ParsePort(split->port);
  if (!port) return std::nullopt;
  url.host = split->host;
  url.port = *port;
  return url;
}

std::string RelayUrl::HostHeader() const {
  if (port != (tls ? kHttpsPort : kHttpPort)) return JoinHostPort(host, port);
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string RelayUrl::ToString() const {
  return (tls ? "https://" : "http://") + HostHeader() + path;
}

}  // namespace derp
