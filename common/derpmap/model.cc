#include "common/derpmap/model.h"

#include "common/base/defaults.h"
#include "common/base/text.h"

namespace derp::derpmap {
namespace {

constexpr int kHighestPort = 65535;

std::optional<IpAddress> LiteralOf(std::string_view text, AddressFamily family) {
  std::optional<IpAddress> address = IpAddress::Parse(text);
  if (!address || address->family() != family) return std::nullopt;
  return address;
}

}  // namespace

std::uint16_t Node::EffectiveDerpPort() const {
  if (derp_port == 0) return kDefaultDerpPort;
  if (derp_port < 0 || derp_port > kHighestPort) return 0;
  return static_cast<std::uint16_t>(derp_port);
}

std::optional<std::uint16_t> Node::EffectiveStunPort() const {
  if (stun_port == 0) return kDefaultStunPort;
  if (stun_port < 0 || stun_port > kHighestPort) return std::nullopt;
  return static_cast<std::uint16_t>(stun_port);
}

Node::FamilyUse Node::Use(AddressFamily family) const {
  const std::string& text = family == AddressFamily::kIpv4 ? ipv4 : ipv6;
  if (text.empty()) return FamilyUse::kResolve;
  return LiteralOf(text, family) ? FamilyUse::kLiteral : FamilyUse::kOff;
}

std::optional<IpAddress> Node::Literal(AddressFamily family) const {
  return LiteralOf(family == AddressFamily::kIpv4 ? ipv4 : ipv6, family);
}

std::string Node::HostHeader() const {
  const std::uint16_t port = EffectiveDerpPort();
  if (port != kDefaultDerpPort) return JoinHostPort(host_name, port);
  return host_name.find(':') == std::string::npos ? host_name : "[" + host_name + "]";
}

std::size_t DerpMap::NodeCount() const {
  std::size_t count = 0;
  for (const auto& [id, region] : regions) count += region.nodes.size();
  return count;
}

}  // namespace derp::derpmap
