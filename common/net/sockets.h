// TCP and UDP sockets: opening, binding, connecting, addresses. Blocking behaviour is always
// bounded by a deadline on the steady clock; descriptors are close-on-exec and non-blocking.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/net/fd.h"

struct sockaddr_storage;

namespace derp::net {

// Conversions to and from the kernel's form. ToSockaddr returns the length used.
unsigned ToSockaddr(const SocketAddress& address, sockaddr_storage& storage);
std::optional<SocketAddress> FromSockaddr(const sockaddr_storage& storage);

struct TcpOptions {
  Duration user_timeout{};    // TCP_USER_TIMEOUT, 0 = kernel default
  Duration keepalive_idle{};  // 0 = 15 s, negative = keep-alive off (derper.md 2.2)
};

// Binds and listens. An unspecified IPv6 address is dual-stack (IPV6_V6ONLY off), with IPv4 as the
// fall-back where IPv6 is absent. Port 0 picks one: see LocalAddress. No SO_REUSEPORT.
Expected<Fd, Error> ListenTcp(const SocketAddress& address, const TcpOptions& options);

// A non-blocking accept: empty when nothing waits. TCP_NODELAY is set; `peer` is unmapped.
struct Accepted {
  Fd fd;
  SocketAddress peer;
};
Expected<std::optional<Accepted>, Error> Accept(int listener, const TcpOptions& options);

// Connects, waiting no longer than `deadline`. Errors read as Go's: "dial tcp 127.0.0.1:1: connect:
// connection refused".
Expected<Fd, Error> ConnectTcp(const SocketAddress& address, TimePoint deadline);
// Starts a connect without waiting; CompleteConnect gives the outcome once the fd is writable.
Expected<Fd, Error> StartConnectTcp(const SocketAddress& address);
Expected<void, Error> CompleteConnect(int fd, const SocketAddress& address);
// What Go says when a connect's time is over: "dial tcp 192.0.2.1:443: i/o timeout", kTimeout.
Error ConnectTimeout(const SocketAddress& address);

// A UDP socket bound to `address`; an unspecified IPv6 address is dual-stack, with IPv4 as the
// fall-back where IPv6 is absent, unless it is to be for IPv6 alone.
enum class UdpStack { kDual, kOnlyIpv6 };
Expected<Fd, Error> BindUdp(const SocketAddress& address, UdpStack stack = UdpStack::kDual);
// From now on ReceiveFrom reports ICMP errors (kRefused, kUnreachable). For sockets that talk to
// one peer only: the report does not say whose packet was refused.
Expected<void, Error> ReportIcmpErrors(int fd);

struct Datagram {
  Bytes bytes;
  SocketAddress source;  // as the socket sees it: mapped on a dual-stack socket
};
// "write udp [::]:50123->[2001:db8::1]:3478: sendto: network is unreachable". An IPv4 `to` is
// mapped where the socket is dual-stack.
Expected<void, Error> SendTo(int fd, ByteView bytes, const SocketAddress& to);
// Waits until `deadline`; kTimeout when nothing came: "read udp [::]:50123: i/o timeout". A
// reported ICMP refusal is kRefused.
Expected<Datagram, Error> ReceiveFrom(int fd, TimePoint deadline);

Expected<SocketAddress, Error> LocalAddress(int fd);

// Waits for readiness; false on time-out.
bool WaitReadable(int fd, TimePoint deadline);
bool WaitWritable(int fd, TimePoint deadline);

// Raises RLIMIT_NOFILE to its hard limit and returns it.
std::uint64_t RaiseDescriptorLimit();

// Whether this machine has a route for a global address of the family (a UDP connect, no packet).
bool HasRoute(AddressFamily family);

// The address this machine would send from towards `to` (a UDP connect, no packet).
Expected<IpAddress, Error> LocalAddressTowards(const IpAddress& to);

}  // namespace derp::net
