#include "netcheck/measure/probe_sockets.h"

#include <charconv>

#include <fmt/format.h>

#include "common/base/socket_address.h"
#include "common/base/text.h"
#include "common/net/sockets.h"

namespace derp::netcheck {
namespace {

Error Unusable(std::string_view bind, std::string_view why) {
  return Error{ErrorCode::kInvalidArgument, fmt::format("listen udp {}: {}", bind, why)};
}

Expected<SocketAddress, Error> LocalAddressFor(AddressFamily family, std::string_view bind) {
  const auto parts = SplitHostPort(bind);
  if (!parts) return Fail(Unusable(bind, "missing port in address"));
  SocketAddress local;
  const char* end = parts->port.data() + parts->port.size();
  const auto [stopped, error] = std::from_chars(parts->port.data(), end, local.port);
  if (error != std::errc() || stopped != end) return Fail(Unusable(bind, "invalid port"));
  if (parts->host.empty()) {
    if (family == AddressFamily::kIpv6) local.ip = IpAddress::V6({});
    return local;
  }
  const auto address = IpAddress::Parse(parts->host);
  if (!address) return Fail(Unusable(bind, "not an IP address"));
  if (address->family() != family) return Fail(Unusable(bind, "no suitable address"));
  local.ip = *address;
  return local;
}

net::Fd Open(AddressFamily family, std::string_view bind, std::string& why) {
  const auto local = LocalAddressFor(family, bind);
  if (!local) {
    why = local.error().context;
    return {};
  }
  auto fd = net::BindUdp(*local, net::UdpStack::kOnlyIpv6);
  if (!fd) {
    why = fd.error().context;
    return {};
  }
  return std::move(*fd);
}

}  // namespace

ProbeSockets OpenProbeSockets(std::string_view bind) {
  ProbeSockets sockets;
  sockets.v4 = Open(AddressFamily::kIpv4, bind, sockets.v4_error);
  sockets.v6 = Open(AddressFamily::kIpv6, bind, sockets.v6_error);
  return sockets;
}

}  // namespace derp::netcheck
