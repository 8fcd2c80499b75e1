#include "common/net/dns_channel.h"

#include <algorithm>
#include <arpa/nameser.h>
#include <array>
#include <poll.h>

namespace derp::net {
namespace {

constexpr int kTryMilliseconds = 2000;  // per server and attempt; the deadline bounds the whole
constexpr int kTries = 2;

// Runs the channel until the answer is there or the time is over.
void Drive(ares_channel channel, const DnsAnswer& answer, TimePoint deadline) {
  const SystemClock clock;
  while (!answer.done) {
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const auto mask = static_cast<unsigned>(
        ares_getsock(channel, sockets.data(), static_cast<int>(sockets.size())));
    std::array<pollfd, ARES_GETSOCK_MAXNUM> entries{};
    nfds_t count = 0;
    for (unsigned i = 0; i < sockets.size(); ++i) {
      short events = 0;
      if (ARES_GETSOCK_READABLE(mask, i) != 0) events |= POLLIN;
      if (ARES_GETSOCK_WRITABLE(mask, i) != 0) events |= POLLOUT;
      if (events != 0) entries[count++] = pollfd{.fd = sockets[i], .events = events, .revents = 0};
    }
    const Duration left = Remaining(clock.Now(), deadline);
    if (left == Duration::zero()) return;
    const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    timeval longest{.tv_sec = left_ms / 1000, .tv_usec = (left_ms % 1000) * 1000};
    timeval storage{};
    const timeval* wait = ares_timeout(channel, &longest, &storage);
    const auto wait_ms = static_cast<int>(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1);
    ::poll(entries.data(), count, wait_ms);
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // its own time-outs
    for (nfds_t i = 0; i < count; ++i) {
      const short ready = entries[i].revents;
      const bool read = (ready & (POLLIN | POLLERR | POLLHUP)) != 0;
      const bool write = (ready & POLLOUT) != 0;
      ares_process_fd(channel, read ? entries[i].fd : ARES_SOCKET_BAD,
                      write ? entries[i].fd : ARES_SOCKET_BAD);
    }
  }
}

}  // namespace

DnsChannel OpenDnsChannel(const std::string& servers, bool first_word) {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  if (library != ARES_SUCCESS) return nullptr;
  ares_options options{};
  // Hands SERVFAIL and REFUSED on instead of trying further.
  if (first_word) options.flags = ARES_FLAG_NOCHECKRESP;
  options.timeout = kTryMilliseconds;
  options.tries = kTries;
  ares_channel channel = nullptr;
  constexpr int kGiven = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
  if (ares_init_options(&channel, &options, kGiven) != ARES_SUCCESS) {
    return nullptr;
  }
  DnsChannel owned(channel);
  if (!servers.empty() && ares_set_servers_ports_csv(channel, servers.c_str()) != ARES_SUCCESS) {
    return nullptr;
  }
  return owned;
}

std::string FirstDnsServer(ares_channel channel) {
  ares_addr_port_node* list = nullptr;
  if (ares_get_servers_ports(channel, &list) != ARES_SUCCESS || list == nullptr) return {};
  IpAddress ip;
  if (list->family == AF_INET) {
    std::array<std::uint8_t, 4> bytes{};
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&list->addr.addr4), 4, bytes.begin());
    ip = IpAddress::V4(bytes);
  } else {
    std::array<std::uint8_t, 16> bytes{};
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&list->addr.addr6), 16, bytes.begin());
    ip = IpAddress::V6(bytes);
  }
  constexpr int kDnsPort = 53;
  const int port = list->udp_port == 0 ? kDnsPort : list->udp_port;
  ares_free_data(list);
  return SocketAddress{ip, static_cast<std::uint16_t>(port)}.ToString();
}

DnsAnswer AskDns(ares_channel channel, const std::string& name, int type, TimePoint deadline) {
  DnsAnswer answer;
  ares_query(
      channel, name.c_str(), ns_c_in, type,
      [](void* user, int status, int, unsigned char* message, int size) {
        auto& out = *static_cast<DnsAnswer*>(user);
        out.done = true;
        out.status = status;
        if (status == ARES_SUCCESS) out.message.assign(message, message + size);
      },
      &answer);
  Drive(channel, answer, deadline);
  if (!answer.done) ares_cancel(channel);
  return answer;
}

std::optional<DnsFailure> DnsFailureOf(int status) {
  switch (status) {
    case ARES_SUCCESS:
      return std::nullopt;
    case ARES_ENOTFOUND:
      return DnsFailure::kNotFound;
    case ARES_ENODATA:
      return DnsFailure::kNoAddress;
    case ARES_ETIMEOUT:
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
      return DnsFailure::kTimeout;
    case ARES_ECONNREFUSED:  // nothing listens where the server should be
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
    case ARES_EFORMERR:
    case ARES_ENOTIMP:
    case ARES_EBADRESP:
      return DnsFailure::kServerFailure;
    default:
      return DnsFailure::kOther;
  }
}

}  // namespace derp::net
