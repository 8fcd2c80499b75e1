#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>

#include "common/net/sockets.h"
#include "common/net/sockets_internal.h"

namespace derp::net {
namespace {

constexpr std::size_t kMaxDatagram = 65536;

bool IsIpv6Socket(int fd) {
  int domain = 0;
  socklen_t length = sizeof domain;
  return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_INET6;
}

std::string LocalText(int fd) {
  const auto local = LocalAddress(fd);
  return local ? local->ToString() : "?";
}

// Takes the queued ICMP reports away, else poll() goes on calling the socket ready for them. The
// errno of the last one, 0 if there was none.
int TakeQueuedErrors(int fd) {
  constexpr int kMostAtOnce = 64;
  int last = 0;
  for (int i = 0; i < kMostAtOnce; ++i) {
    alignas(cmsghdr) std::array<std::uint8_t, 512> control{};
    msghdr message{};
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
    for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr;
         item = CMSG_NXTHDR(&message, item)) {
      const bool report = (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_RECVERR) ||
                          (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_RECVERR);
      if (!report) continue;
      sock_extended_err detail{};
      std::memcpy(&detail, CMSG_DATA(item), sizeof detail);
      last = static_cast<int>(detail.ee_errno);
    }
  }
  return last;
}

}  // namespace

Expected<Fd, Error> BindUdp(const SocketAddress& address, UdpStack stack) {
  const bool only_ipv6 = stack == UdpStack::kOnlyIpv6;
  const std::string doing = "listen udp " + ListenText(address);
  const auto attempt = [&](const SocketAddress& at) -> Expected<Fd, Error> {
    auto fd = OpenSocket(at.ip.family(), SOCK_DGRAM, doing);
    if (!fd) return fd;
    auto bound = BindAddress(fd->get(), at, doing, only_ipv6);
    if (!bound) return Fail(bound.error());
    return fd;
  };
  auto fd = attempt(address);
  if (!fd && !only_ipv6 && FallsBackToIpv4(address, fd.error()))
    return attempt({IpAddress(), address.port});
  return fd;
}

Expected<void, Error> ReportIcmpErrors(int fd) {
  if (!SetOption(fd, IPPROTO_IP, IP_RECVERR, 1)) {
    return Fail(SystemError("setsockopt IP_RECVERR", errno));
  }
  if (IsIpv6Socket(fd) && !SetOption(fd, IPPROTO_IPV6, IPV6_RECVERR, 1)) {
    return Fail(SystemError("setsockopt IPV6_RECVERR", errno));
  }
  return {};
}

Expected<void, Error> SendTo(int fd, ByteView bytes, const SocketAddress& to) {
  SocketAddress wire = to;
  if (to.ip.is_v4() && IsIpv6Socket(fd)) wire.ip = IpAddress::V6(to.ip.as_16());
  sockaddr_storage storage{};
  const socklen_t length = ToSockaddr(wire, storage);
  // A socket that reports ICMP errors first gives back what an earlier datagram met; the second
  // attempt is about this one.
  int failure = 0;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (::sendto(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&storage), length) >= 0) {
      return {};
    }
    failure = errno;
    if (failure != ECONNREFUSED && failure != EHOSTUNREACH && failure != EINTR) break;
  }
  const std::string doing = "write udp " + LocalText(fd) + "->" +
                            SocketAddress{to.ip.Unmap(), to.port}.ToString() + ": sendto";
  return Fail(SystemError(doing, failure));
}

Expected<Datagram, Error> ReceiveFrom(int fd, TimePoint deadline) {
  std::array<std::uint8_t, kMaxDatagram> buffer;
  for (;;) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    const ssize_t count = ::recvfrom(fd, buffer.data(), buffer.size(), MSG_DONTWAIT,
                                     reinterpret_cast<sockaddr*>(&storage), &length);
    if (count >= 0) {
      const auto source = FromSockaddr(storage);
      if (!source) continue;
      return Datagram{Bytes(buffer.begin(), buffer.begin() + count), *source};
    }
    if (errno == EINTR) continue;
    const int failure = errno;
    const int queued = TakeQueuedErrors(fd);
    if (failure != EAGAIN || queued != 0) {
      return Fail(SystemError("read udp " + LocalText(fd) + ": recvfrom",
                              failure != EAGAIN ? failure : queued));
    }
    if (!WaitReadable(fd, deadline)) {
      return Fail(Error{ErrorCode::kTimeout, "read udp " + LocalText(fd) + ": i/o timeout", 0});
    }
  }
}

}  // namespace derp::net
