#include "common/diagnosis/trust/public_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "common/base/text.h"

namespace derp::diagnosis {

namespace {

constexpr std::size_t kMostUrlBytes = 2048;
constexpr std::string_view kScheme = "http://";

// RFC 6890 and what was added to its registries since.
constexpr std::array<std::string_view, 24> kNotPublic = {
    "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",    "::/128",
    "::1/128",       "64:ff9b:1::/48",  "100::/64",       "2001::/23",      "2001:db8::/32",
    "3fff::/20",     "fc00::/7",        "fe80::/10",      "ff00::/8"};

// NAT64 and 6to4: an IPv4 address inside.
std::optional<IpAddress> Embedded(const IpAddress& address) {
  static const auto nat64 = IpPrefix::Parse("64:ff9b::/96");
  static const auto six_to_four = IpPrefix::Parse("2002::/16");
  const auto bytes = address.as_16();
  if (nat64->Contains(address)) {
    return IpAddress::V4({bytes[12], bytes[13], bytes[14], bytes[15]});
  }
  if (six_to_four->Contains(address)) {
    return IpAddress::V4({bytes[2], bytes[3], bytes[4], bytes[5]});
  }
  return std::nullopt;
}

bool IsHostByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::optional<PlainUrl> ParsePlainUrl(std::string_view url) {
  if (url.size() > kMostUrlBytes) return std::nullopt;
  if (!std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f'; })) {
    return std::nullopt;
  }
  if (!EqualsIgnoreCase(url.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  PlainUrl result;
  const bool bracketed = authority.starts_with('[');
  const bool has_port =
      authority.find(':', bracketed ? authority.find(']') : 0) != std::string_view::npos;
  if (has_port) {
    const auto parts = SplitHostPort(authority);
    const auto port = parts ? ParsePort(parts->port) : std::nullopt;
    if (!port) return std::nullopt;
    result.host = parts->host;
    result.port = *port;
  } else {
    result.host = authority;
    if (bracketed && result.host.ends_with(']')) {
      result.host = result.host.substr(1, result.host.size() - 2);
    }
  }
  if (bracketed) {
    const auto literal = IpAddress::Parse(result.host);
    if (!literal || literal->is_v4() || !literal->zone().empty()) return std::nullopt;
    return result;
  }
  const bool plain = std::all_of(result.host.begin(), result.host.end(), IsHostByte);
  return plain && !result.host.empty() ? std::optional(result) : std::nullopt;
}

bool IsPublicAddress(const IpAddress& address) {
  static const auto blocks = [] {
    std::vector<IpPrefix> all;
    for (const std::string_view text : kNotPublic) all.push_back(*IpPrefix::Parse(text));
    return all;
  }();
  const IpAddress plain = address.Unmap();
  if (const auto inside = Embedded(plain)) return IsPublicAddress(*inside);
  return std::none_of(blocks.begin(), blocks.end(),
                      [&plain](const IpPrefix& block) { return block.Contains(plain); });
}

}  // namespace derp::diagnosis
