#include "common/base/socket_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

#include <fmt/format.h>

namespace derp {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

std::string_view FamilyName(AddressFamily family) {
  return family == AddressFamily::kIpv4 ? "ipv4" : "ipv6";
}

IpAddress IpAddress::V4(std::array<std::uint8_t, 4> bytes) {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::V6(std::array<std::uint8_t, 16> bytes, std::string zone) {
  IpAddress address;
  address.family_ = AddressFamily::kIpv6;
  address.bytes_ = bytes;
  address.zone_ = std::move(zone);
  return address;
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::size_t percent = text.find('%');
  const std::string literal(text.substr(0, percent));
  if (literal.size() != std::min(percent, text.size())) return std::nullopt;
  std::array<std::uint8_t, 4> v4{};
  if (percent == std::string_view::npos && inet_pton(AF_INET, literal.c_str(), v4.data()) == 1) {
    return V4(v4);
  }
  std::array<std::uint8_t, 16> v6{};
  if (literal.find('\0') != std::string::npos ||
      inet_pton(AF_INET6, literal.c_str(), v6.data()) != 1) {
    return std::nullopt;
  }
  if (percent == std::string_view::npos) return V6(v6);
  const std::string_view zone = text.substr(percent + 1);
  if (zone.empty()) return std::nullopt;
  return V6(v6, std::string(zone));
}

std::array<std::uint8_t, 16> IpAddress::as_16() const {
  if (!is_v4()) return bytes_;
  std::array<std::uint8_t, 16> mapped{};
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), mapped.begin());
  std::copy_n(bytes_.begin(), 4, mapped.begin() + 12);
  return mapped;
}

bool IpAddress::IsMapped() const {
  return !is_v4() && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

IpAddress IpAddress::Unmap() const {
  if (!IsMapped()) return *this;
  return V4({bytes_[12], bytes_[13], bytes_[14], bytes_[15]});
}

bool IpAddress::IsLoopback() const {
  if (is_v4()) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::IsUnspecified() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](auto b) { return b == 0; });
}

bool IpAddress::IsPrivate() const {
  if (!is_v4()) return (bytes_[0] & 0xfe) == 0xfc;
  return bytes_[0] == 10 || (bytes_[0] == 172 && (bytes_[1] & 0xf0) == 16) ||
         (bytes_[0] == 192 && bytes_[1] == 168);
}

bool IpAddress::IsLinkLocal() const {
  if (is_v4()) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::IsCgnat() const { return is_v4() && bytes_[0] == 100 && (bytes_[1] & 0xc0) == 64; }

bool IpAddress::IsMulticast() const {
  return is_v4() ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

std::string IpAddress::ToString() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
  return zone_.empty() ? std::string(buffer) : fmt::format("{}%{}", buffer, zone_);
}

std::optional<HostPort> SplitHostPort(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != ':') {
      return std::nullopt;
    }
    const std::string_view port = text.substr(end + 2);
    if (port.find_first_of("[]:") != std::string_view::npos) return std::nullopt;
    return HostPort{std::string(text.substr(1, end - 1)), std::string(port)};
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos ||
      text.find_first_of("[]") != std::string_view::npos) {
    return std::nullopt;
  }
  return HostPort{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string JoinHostPort(std::string_view host, std::uint16_t port) {
  if (host.find(':') != std::string_view::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

std::optional<SocketAddress> SocketAddress::Parse(std::string_view text) {
  const auto parts = SplitHostPort(text);
  if (!parts) return std::nullopt;
  const auto ip = IpAddress::Parse(parts->host);
  const auto port = ParsePort(parts->port);
  if (!ip || !port || ip->is_v4() == text.starts_with('[')) return std::nullopt;
  return SocketAddress{*ip, *port};
}

std::string SocketAddress::ToString() const { return JoinHostPort(ip.ToString(), port); }

std::optional<IpPrefix> IpPrefix::Parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = IpAddress::Parse(text.substr(0, slash));
  if (!base || !base->zone().empty()) return std::nullopt;
  const unsigned most = base->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) return IpPrefix{*base, most};
  const auto bits = ParsePort(text.substr(slash + 1));
  if (!bits || *bits > most) return std::nullopt;
  return IpPrefix{*base, *bits};
}

bool IpPrefix::Contains(const IpAddress& address) const {
  const IpAddress plain = address.Unmap();
  if (plain.family() != base.family()) return false;
  for (unsigned bit = 0; bit < bits; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    if ((plain.bytes()[bit / 8] & mask) != (base.bytes()[bit / 8] & mask)) return false;
  }
  return true;
}

}  // namespace derp
