#include "common/derp/node_dialer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>

#include "common/base/defaults.h"
#include "common/net/sockets.h"

namespace derp {
namespace {

Error ErrorFromDns(const net::DnsError& error) {
  switch (error.failure) {
    case net::DnsFailure::kTimeout:
      return {.code = ErrorCode::kTimeout, .context = error.text};
    case net::DnsFailure::kNotFound:
    case net::DnsFailure::kNoAddress:
      return {.code = ErrorCode::kNotFound, .context = error.text};
    case net::DnsFailure::kServerFailure:
    case net::DnsFailure::kOther:
      break;
  }
  return {.code = ErrorCode::kSystem, .context = error.text};
}

// Whether a client tries the family at all.
bool IsTried(const derpmap::Node& node, AddressFamily family, const NodeDialOptions& options) {
  if (options.only && *options.only != family) return false;
  if (node.Use(family) == derpmap::Node::FamilyUse::kOff) return false;
  const auto literal_name = IpAddress::Parse(node.host_name);
  return !literal_name || literal_name->family() == family;
}

// One family's side of the race.
class Lane {
 public:
  Lane(const std::vector<SocketAddress>& addresses, TimePoint start_at)
      : addresses_(addresses), start_at_(start_at) {}

  bool done() const { return !fd_.valid() && next_ == addresses_.size(); }
  bool waits_to_start(TimePoint now) const { return !done() && !fd_.valid() && now < start_at_; }
  TimePoint start_at() const { return start_at_; }
  int fd() const { return fd_.get(); }

  // Starts the next address, until one is under way or none is left.
  void Start(TimePoint now, std::optional<Error>& first_error) {
    while (!fd_.valid() && !done() && now >= start_at_) {
      auto started = net::StartConnectTcp(addresses_[next_++]);
      if (started) {
        fd_ = std::move(*started);
      } else if (!first_error) {
        first_error = started.error();
      }
    }
  }

  // The connection, when the one under way has become one.
  std::optional<net::Fd> Finish(std::optional<Error>& first_error) {
    const auto completed = net::CompleteConnect(fd_.get(), addresses_[next_ - 1]);
    if (completed) return std::move(fd_);
    fd_.Close();
    if (!first_error) first_error = completed.error();
    return std::nullopt;
  }

 private:
  const std::vector<SocketAddress>& addresses_;
  TimePoint start_at_;
  std::size_t next_ = 0;
  net::Fd fd_;
};

// Sleeps until a connection is decided, a lane may start, or the deadline.
std::array<pollfd, 2> Wait(const std::array<Lane, 2>& lanes, TimePoint now, TimePoint deadline) {
  TimePoint until = deadline;
  std::array<pollfd, 2> polled{};
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    polled[i] = {.fd = lanes[i].fd(), .events = POLLOUT, .revents = 0};
    if (lanes[i].waits_to_start(now)) until = std::min(until, lanes[i].start_at());
  }
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(Remaining(now, until)).count();
  if (::poll(polled.data(), polled.size(), static_cast<int>(wait)) < 0) {
    for (pollfd& entry : polled) entry.revents = 0;  // EINTR: look again
  }
  return polled;
}

Error Timeout(const NodeAddresses& addresses) {
  const auto& first = addresses.ipv4.empty() ? addresses.ipv6 : addresses.ipv4;
  return {.code = ErrorCode::kTimeout,
          .context = "dial tcp " + first.front().ToString() + ": i/o timeout"};
}

}  // namespace

Expected<NodeAddresses, Error> ResolveNode(const derpmap::Node& node,
                                           const NodeDialOptions& options, net::Resolver& resolver,
                                           TimePoint deadline) {
  NodeAddresses addresses;
  std::vector<AddressFamily> asked;  // of DNS
  bool tried = false;
  for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
    if (!IsTried(node, family, options)) continue;
    tried = true;
    if (const auto literal = node.Literal(family)) {
      addresses.Of(family).push_back({.ip = *literal, .port = node.EffectiveDerpPort()});
    } else {
      asked.push_back(family);
    }
  }
  if (!tried) {
    return Fail(Error{.code = ErrorCode::kInvalidArgument,
                      .context = "both IPv4 and IPv6 are explicitly disabled for node"});
  }
  if (asked.empty()) return addresses;
  // One question for both families, so that a slow answer for one does not eat the other's time.
  const auto found = resolver.Resolve(
      node.host_name, asked.size() == 1 ? std::optional(asked.front()) : std::nullopt, deadline);
  if (!found && addresses.empty()) return Fail(ErrorFromDns(found.error()));
  if (found) {
    for (const IpAddress& ip : *found)
      addresses.Of(ip.family()).push_back({.ip = ip, .port = node.EffectiveDerpPort()});
  }
  return addresses;
}

Expected<net::Fd, Error> RaceConnect(const NodeAddresses& addresses, bool prefer_ipv6,
                                     TimePoint deadline, const Clock& clock) {
  const TimePoint begin = clock.Now();
  const bool lead = prefer_ipv6 && !addresses.ipv6.empty();
  std::array<Lane, 2> lanes = {
      Lane(addresses.ipv4, lead ? begin + kIpv4StartDelay : begin),
      Lane(addresses.ipv6, begin),
  };
  std::optional<Error> first_error;
  for (;;) {
    const TimePoint now = clock.Now();
    for (Lane& lane : lanes) lane.Start(now, first_error);
    if (lanes[0].done() && lanes[1].done())
      return Fail(first_error.value_or(
          Error{.code = ErrorCode::kNotFound, .context = "no address to connect to"}));
    if (now >= deadline) return Fail(first_error.value_or(Timeout(addresses)));
    const auto polled = Wait(lanes, now, deadline);
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      if (polled[i].revents == 0) continue;
      if (auto fd = lanes[i].Finish(first_error)) return std::move(*fd);
    }
  }
}

}  // namespace derp
