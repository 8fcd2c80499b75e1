#include "common/net/dns_reason.h"

#include <arpa/nameser.h>

#include "common/net/dns_channel.h"

namespace derp::net {

DnsReason AskDnsServers(const std::string& name, AddressFamily family, TimePoint deadline,
                        const std::string& servers) {
  const DnsChannel channel = OpenDnsChannel(servers, /*first_word=*/true);
  if (!channel) return DnsReason{DnsFailure::kOther, {}};
  const int type = family == AddressFamily::kIpv4 ? ns_t_a : ns_t_aaaa;
  const DnsAnswer answer = AskDns(channel.get(), name, type, deadline);
  return DnsReason{DnsFailureOf(answer.status), FirstDnsServer(channel.get())};
}

}  // namespace derp::net
