#include "stunc/run.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "common/net/sockets.h"

namespace derp::stunc {
namespace {

constexpr Duration kLookupTimeout = std::chrono::seconds(10);  // two tries of a usual resolver

// So many requests of a series are remembered, so that their late answers are known as such.
constexpr std::size_t kRemembered = 64;

std::string_view DnsCode(net::DnsFailure failure) {
  switch (failure) {
    case net::DnsFailure::kNotFound:
      return "dns.not_found";
    case net::DnsFailure::kNoAddress:
      return "dns.no_address";
    case net::DnsFailure::kTimeout:
      return "dns.timeout";
    case net::DnsFailure::kServerFailure:
    case net::DnsFailure::kOther:
      return "dns.server_failure";
  }
  return "dns.server_failure";
}

// IPv4 comes first, as the reference prefers it.
Expected<std::vector<IpAddress>, net::DnsError> Lookup(const Options& options,
                                                       const Environment& environment) {
  auto found = environment.resolver.Resolve(options.target.host, options.family,
                                            environment.clock.Now() + kLookupTimeout);
  if (!found) return found;
  std::erase_if(*found, [&](const IpAddress& ip) {
    return options.family && ip.Unmap().family() != *options.family;
  });
  if (found->empty()) {
    const std::string_view family =
        options.family == AddressFamily::kIpv6 ? "IPv6 address" : "IPv4 address";
    return Fail(net::DnsError{net::DnsFailure::kNoAddress,
                              "lookup " + options.target.host + ": no " +
                                  (options.family ? std::string(family) : "address")});
  }
  const auto is_v4 = [](const IpAddress& ip) { return ip.is_v4(); };
  std::vector<IpAddress> v4_first;
  std::copy_if(found->begin(), found->end(), std::back_inserter(v4_first), is_v4);
  std::remove_copy_if(found->begin(), found->end(), std::back_inserter(v4_first), is_v4);
  *found = std::move(v4_first);
  if (!options.all_addresses) found->resize(1);
  return found;
}

QueryPlan PlanOf(const Options& options) {
  QueryPlan plan;
  plan.schedule.sends = options.retries + 1;
  if (options.retries == 0 || options.timeout_set) {
    plan.limit = options.timeout;  // Then the schedule itself never gives up first.
    const Duration::rep units = options.timeout / plan.schedule.initial_wait + 1;
    plan.schedule.final_wait =
        static_cast<unsigned>(std::clamp<Duration::rep>(units, 1, 1'000'000));
  }
  return plan;
}

// The reference's socket: unconnected, dual-stack, any port.
Expected<net::Fd, Error> OpenSocket() {
  auto fd = net::BindUdp({IpAddress::V6({}), 0});
  if (!fd) return fd;
  if (auto reporting = net::ReportIcmpErrors(fd->get()); !reporting) {
    return Fail(reporting.error());
  }
  return fd;
}

std::optional<SocketAddress> LocalOf(int fd, const IpAddress& target) {
  const auto bound = net::LocalAddress(fd);
  const auto local = net::LocalAddressTowards(target);
  if (!bound || !local) return std::nullopt;
  return SocketAddress{*local, bound->port};
}

// Waits for the next turn; what arrives meanwhile came too late or twice.
void WaitUntil(const QueryTools& tools, stun::Exchange& exchange, TimePoint next) {
  while (tools.clock.Now() < next) {
    const auto datagram = net::ReceiveFrom(tools.fd, next);
    if (datagram) exchange.Receive(datagram->bytes, datagram->source, tools.clock.Now());
  }
}

// One address from the first request to the last. True when a reply came.
bool AskAddress(const Options& options, const Environment& environment, const IpAddress& ip,
                Report& report) {
  const auto fd = OpenSocket();
  if (!fd) {
    report.OnError("socket", fd.error().context);
    return false;
  }
  const QueryTools tools{fd->get(), environment.clock, environment.random};
  const QueryPlan plan = PlanOf(options);
  const Asked asked{.name = options.target.host,
                    .target = {ip.Unmap(), options.target.port},
                    .most_sends = plan.schedule.sends,
                    .local = LocalOf(fd->get(), ip.Unmap())};
  stun::Exchange exchange;
  Series series;
  QueryResult result;
  std::array<stun::TransactionId, kRemembered> recent{};
  for (unsigned number = 1; number <= options.count; ++number) {
    const TimePoint started = environment.clock.Now();
    result = Ask(tools, exchange, asked.target, plan);
    exchange.Forget(std::exchange(recent[number % recent.size()], result.id));
    if (result.reply) {
      series.AddReply(result.reply->match.rtt, result.reply->match.mapped);
    } else {
      series.AddLoss();
    }
    report.OnQuery(asked, number, result);
    if (number < options.count) WaitUntil(tools, exchange, started + options.interval);
  }
  report.OnAddressEnd(asked, result, series);
  return series.received() > 0;
}

}  // namespace

int Run(const Options& options, const Environment& environment, Report& report) {
  const auto addresses = Lookup(options, environment);
  int exit_code = 0;
  if (!addresses) {
    report.OnError(DnsCode(addresses.error().failure), addresses.error().text);
    exit_code = 1;
  } else {
    for (const IpAddress& ip : *addresses) {
      if (!AskAddress(options, environment, ip, report)) exit_code = 1;
    }
  }
  report.OnEnd(exit_code);
  return exit_code;
}

}  // namespace derp::stunc
