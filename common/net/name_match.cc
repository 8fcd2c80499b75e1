#include "common/net/name_match.h"

#include <algorithm>
#include <vector>

#include "common/base/socket_address.h"
#include "common/base/text.h"

namespace derp::net {
namespace {

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == ':';
}

bool IsLabel(std::string_view label) {
  return !label.empty() && label.front() != '-' && std::ranges::all_of(label, IsHostCharacter);
}

}  // namespace

std::string_view WithoutFinalDot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

bool IsIpLiteral(std::string_view name) { return IpAddress::Parse(name).has_value(); }

bool DnsNameCovers(std::string_view pattern, std::string_view host) {
  host = WithoutFinalDot(host);
  if (host.empty() || pattern.empty()) return false;
  const std::vector<std::string_view> host_labels = Split(host, '.');
  const std::vector<std::string_view> pattern_labels = Split(pattern, '.');
  if (host_labels.size() != pattern_labels.size()) return false;
  if (!std::ranges::all_of(host_labels, IsLabel)) return EqualsIgnoreCase(pattern, host);

  for (std::size_t i = 0; i < host_labels.size(); ++i) {
    const bool wildcard = i == 0 && pattern_labels[i] == "*" && pattern_labels.size() > 1;
    if (!wildcard && !EqualsIgnoreCase(pattern_labels[i], host_labels[i])) return false;
  }
  return true;
}

}  // namespace derp::net
