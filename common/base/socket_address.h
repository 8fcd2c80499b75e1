// IP addresses and IP:port pairs as values, with the text forms of Go's net/netip. No sockets here:
// those are in common/net.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.h"

namespace derp {

enum class AddressFamily { kIpv4, kIpv6 };

std::string_view FamilyName(AddressFamily family);  // "ipv4", "ipv6"

// An IPv4 or IPv6 address, the latter with an optional zone ("fe80::1%eth0"). An IPv4-mapped IPv6
// address is IPv6 until Unmap().
class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  static IpAddress V4(std::array<std::uint8_t, 4> bytes);
  static IpAddress V6(std::array<std::uint8_t, 16> bytes, std::string zone = {});
  static std::optional<IpAddress> Parse(std::string_view text);  // literals only, no brackets

  AddressFamily family() const { return family_; }
  bool is_v4() const { return family_ == AddressFamily::kIpv4; }
  ByteView bytes() const { return ByteView(bytes_).first(is_v4() ? 4 : 16); }
  std::array<std::uint8_t, 16> as_16() const;  // IPv4 as ::ffff:a.b.c.d
  const std::string& zone() const { return zone_; }

  IpAddress Unmap() const;  // ::ffff:a.b.c.d becomes a.b.c.d, anything else stays
  bool IsMapped() const;
  bool IsLoopback() const;
  bool IsUnspecified() const;
  bool IsPrivate() const;    // RFC 1918, RFC 4193
  bool IsLinkLocal() const;  // 169.254/16, fe80::/10
  bool IsCgnat() const;      // 100.64/10
  bool IsMulticast() const;

  std::string ToString() const;
  auto operator<=>(const IpAddress&) const = default;

 private:
  AddressFamily family_ = AddressFamily::kIpv4;
  std::array<std::uint8_t, 16> bytes_{};
  std::string zone_;
};

struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;

  // "1.2.3.4:80" or "[2001:db8::1]:80".
  static std::optional<SocketAddress> Parse(std::string_view text);
  std::string ToString() const;
  auto operator<=>(const SocketAddress&) const = default;
};

// An address block such as 10.0.0.0/8; a bare address is a block of one.
struct IpPrefix {
  IpAddress base;
  unsigned bits = 0;

  static std::optional<IpPrefix> Parse(std::string_view text);
  bool Contains(const IpAddress& address) const;  // after unmapping both
};

// "host:port" split as Go's net.SplitHostPort does: brackets around IPv6 are removed, both parts
// may be empty. Empty when there is no port or the colons are ambiguous.
struct HostPort {
  std::string host;
  std::string port;
};
std::optional<HostPort> SplitHostPort(std::string_view text);
std::string JoinHostPort(std::string_view host, std::uint16_t port);

}  // namespace derp
