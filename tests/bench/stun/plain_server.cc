// A STUN server as short as it can be: one blocking recvfrom() and one sendto() per request, with
// nothing between them but the checks that a relay must make. run_stun.py measures ours against it.
//     stun_plain ADDRESS:PORT
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "common/net/fd.h"
#include "common/net/sockets.h"
#include "common/stun/message.h"

namespace derp::stunload {
namespace {

// Header, SOFTWARE "tailnode", FINGERPRINT, as every Tailscale client sends them.
bool IsRequest(ByteView datagram) {
  constexpr std::array<std::uint8_t, 8> kHead = {0x00, 0x01, 0x00, 0x14, 0x21, 0x12, 0xa4, 0x42};
  constexpr std::array<std::uint8_t, 12> kSoftware = {0x80, 0x22, 0x00, 0x08, 't', 'a',
                                                      'i',  'l',  'n',  'o',  'd', 'e'};
  constexpr std::array<std::uint8_t, 4> kFingerprint = {0x80, 0x28, 0x00, 0x04};
  return datagram.size() == stun::kRequestSize &&
         std::memcmp(datagram.data(), kHead.data(), kHead.size()) == 0 &&
         std::memcmp(&datagram[20], kSoftware.data(), kSoftware.size()) == 0 &&
         std::memcmp(&datagram[32], kFingerprint.data(), kFingerprint.size()) == 0 &&
         LoadU32Be(&datagram[36]) == stun::FingerprintOf(datagram.first(32));
}

// Turns the request in `bytes` into its answer; the size of that.
std::size_t Answer(std::uint8_t* bytes, const sockaddr_storage& source) {
  const bool v6 = source.ss_family == AF_INET6;
  in6_addr ip{};
  std::uint16_t port = 0;
  if (v6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, &source, sizeof in6);
    ip = in6.sin6_addr;
    port = ntohs(in6.sin6_port);
  } else {
    sockaddr_in in{};
    std::memcpy(&in, &source, sizeof in);
    std::memcpy(&ip, &in.sin_addr, sizeof in.sin_addr);
    port = ntohs(in.sin_port);
  }
  const bool mapped = v6 && IN6_IS_ADDR_V4MAPPED(&ip);
  const std::uint8_t* const address =
      reinterpret_cast<const std::uint8_t*>(&ip) + (mapped ? 12 : 0);
  const std::size_t size = v6 && !mapped ? 16 : 4;
  StoreU16Be(bytes, 0x0101);
  StoreU16Be(bytes + 2, static_cast<std::uint16_t>(8 + size));
  StoreU16Be(bytes + 20, 0x0020);
  StoreU16Be(bytes + 22, static_cast<std::uint16_t>(4 + size));
  StoreU16Be(bytes + 24, size == 4 ? 1 : 2);
  StoreU16Be(bytes + 26, static_cast<std::uint16_t>(port ^ (stun::kMagicCookie >> 16)));
  for (std::size_t i = 0; i < size; ++i) {
    bytes[28 + i] = static_cast<std::uint8_t>(address[i] ^ bytes[4 + i]);
  }
  return 28 + size;
}

// A wildcard IPv6 address takes IPv4 clients as well, as on a relay.
net::Fd Bind(const SocketAddress& address) {
  net::Fd fd(::socket(address.ip.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage{};
  const socklen_t length = net::ToSockaddr(address, storage);
  if (!fd.valid() || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    fmt::print(stderr, "stun_plain: {}: {}\n", address.ToString(), std::strerror(errno));
    return {};
  }
  return fd;
}

int Serve(int fd) {
  std::array<std::uint8_t, stun::kMaxDatagram> buffer{};
  for (;;) {
    sockaddr_storage source{};
    socklen_t length = sizeof source;
    const ssize_t size = ::recvfrom(fd, buffer.data(), buffer.size(), 0,
                                    reinterpret_cast<sockaddr*>(&source), &length);
    if (size < 0 && errno != EINTR) return 1;
    if (size < 0 || !IsRequest(ByteView(buffer).first(static_cast<std::size_t>(size)))) continue;
    const std::size_t answer = Answer(buffer.data(), source);
    ::sendto(fd, buffer.data(), answer, 0, reinterpret_cast<const sockaddr*>(&source), length);
  }
}

}  // namespace
}  // namespace derp::stunload

int main(int argc, char** argv) {
  const auto address = derp::SocketAddress::Parse(argc == 2 ? argv[1] : "");
  if (!address) {
    fmt::print(stderr, "usage: stun_plain ADDRESS:PORT\n");
    return 2;
  }
  const derp::net::Fd fd = derp::stunload::Bind(*address);
  return fd.valid() ? derp::stunload::Serve(fd.get()) : 1;
}
