#include "common/diagnosis/pairs/tun_device.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "common/net/sockets.h"

namespace derp::diagnosis {

namespace {

constexpr int kMtu = 1280;  // of a real client's device
constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kSourceAt = 12;
constexpr std::size_t kDestinationAt = 16;
// The kernel puts the first free number in place of %d.
constexpr std::string_view kNamePattern = "derpprobe%d";

Error DeviceError(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
      return {.code = ErrorCode::kNotFound,
              .context =
                  "/dev/net/tun is missing: load the module tun, or give the container the "
                  "device",
              .sys_errno = error_number};
    case EPERM:
    case EACCES:
      return {.code = ErrorCode::kPermission,
              .context =
                  "no right to make a TUN device: CAP_NET_ADMIN and access to /dev/net/tun "
                  "are missing",
              .sys_errno = error_number};
    default:
      return SystemError("making a TUN device", error_number);
  }
}

sockaddr ToSockaddr4(const IpAddress& ip) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  std::memcpy(&in.sin_addr, ip.bytes().data(), ip.bytes().size());
  sockaddr result{};
  std::memcpy(&result, &in, sizeof result);
  return result;
}

// Address, size and state of the interface, over any socket of its namespace.
Expected<void, Error> Configure(ifreq request, const IpAddress& own) {
  const net::Fd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!control.valid()) return Fail(SystemError("socket", errno));
  const auto set = [&](unsigned long what) { return ::ioctl(control.get(), what, &request) == 0; };
  request.ifr_addr = ToSockaddr4(own);
  if (!set(SIOCSIFADDR)) return Fail(SystemError("giving the TUN device its address", errno));
  request.ifr_netmask = ToSockaddr4(IpAddress::V4({255, 255, 255, 252}));
  if (!set(SIOCSIFNETMASK)) return Fail(SystemError("giving the TUN device its mask", errno));
  request.ifr_mtu = kMtu;
  if (!set(SIOCSIFMTU)) return Fail(SystemError("giving the TUN device its MTU", errno));
  request.ifr_flags = IFF_UP;
  if (!set(SIOCSIFFLAGS)) return Fail(SystemError("bringing the TUN device up", errno));
  return {};
}

Expected<TunEnds, Error> OpenHere(const IpAddress& address) {
  const TunAddresses addresses = TunAddressesOf(address);
  TunEnds ends;
  ends.own = addresses.own;
  ends.peer = addresses.peer;
  ends.device = net::Fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!ends.device.valid()) return Fail(DeviceError(errno));
  ifreq request{};
  kNamePattern.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(ends.device.get(), TUNSETIFF, &request) != 0) return Fail(DeviceError(errno));
  if (auto configured = Configure(request, ends.own); !configured) return Fail(configured.error());
  auto listener = net::ListenTcp({ends.own, 0}, {});
  if (!listener) return Fail(listener.error());
  const auto at = net::LocalAddress(listener->get());
  if (!at) return Fail(at.error());
  auto client = net::StartConnectTcp({ends.peer, at->port});
  if (!client) return Fail(client.error());
  ends.listener = std::move(*listener);
  ends.client = std::move(*client);
  return ends;
}

}  // namespace

TunAddresses TunAddressesOf(const IpAddress& address) {
  std::array<std::uint8_t, 4> bytes{};
  std::copy(address.bytes().begin(), address.bytes().end(), bytes.begin());
  bytes[3] = static_cast<std::uint8_t>(bytes[3] & 0xfcU);
  auto peer = bytes;
  bytes[3] = static_cast<std::uint8_t>(bytes[3] | 1U);
  peer[3] = static_cast<std::uint8_t>(peer[3] | 2U);
  return {IpAddress::V4(bytes), IpAddress::V4(peer)};
}

Expected<TunEnds, Error> OpenTun(const IpAddress& address) {
  Expected<TunEnds, Error> result = Fail(Error{});
  // A thread keeps its namespace for good, so this one ends here; device and sockets keep the
  // namespace for as long as they live.
  std::thread([&] {
    (void)::unshare(CLONE_NEWNET);  // without the right to it: in the namespace that is there
    result = OpenHere(address);
  }).join();
  return result;
}

bool TurnAround(ByteSpan packet, const TunAddresses& addresses) {
  if (packet.size() < kIpv4Header || packet[0] >> 4U != 4) return false;
  const auto source = packet.subspan(kSourceAt, 4);
  const auto destination = packet.subspan(kDestinationAt, 4);
  if (!std::equal(destination.begin(), destination.end(), addresses.peer.bytes().begin())) {
    return false;
  }
  std::swap_ranges(source.begin(), source.end(), destination.begin());
  return true;
}

}  // namespace derp::diagnosis
