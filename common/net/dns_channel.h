// Questions to DNS servers by c-ares, one at a time and blocking. For the .cc files of this folder
// only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include <ares.h>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/net/resolver.h"

namespace derp::net {

struct DnsChannelDeleter {
  void operator()(ares_channel channel) const { ares_destroy(channel); }
};
using DnsChannel = std::unique_ptr<std::remove_pointer_t<ares_channel>, DnsChannelDeleter>;

// `servers` replaces the system's ("127.0.0.1:5353,…"); empty: /etc/resolv.conf. `first_word`: the
// first server's failure is the answer; else the next one is asked. Null when c-ares will not.
DnsChannel OpenDnsChannel(const std::string& servers, bool first_word);

// "192.0.2.53:53"; empty when there is none.
std::string FirstDnsServer(ares_channel channel);

struct DnsAnswer {
  bool done = false;
  int status = ARES_ECANCELLED;
  Bytes message;  // when the status is good
};

// `type`: ns_t_a and the like. Returns when the answer is there or the time is over.
DnsAnswer AskDns(ares_channel channel, const std::string& name, int type, TimePoint deadline);

std::optional<DnsFailure> DnsFailureOf(int status);

}  // namespace derp::net
