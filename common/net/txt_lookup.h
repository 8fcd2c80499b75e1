// TXT records of a name, from the configured DNS servers by c-ares. Blocking.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/net/resolver.h"

namespace derp::net {

// One string per record; the pieces of a record are joined (RFC 7208 3.3). `servers` replaces the
// system's ("127.0.0.1:5353,…"); empty: /etc/resolv.conf. Any thread.
Expected<std::vector<std::string>, DnsError> LookupTxt(const std::string& name, TimePoint deadline,
                                                       const std::string& servers = {});

}  // namespace derp::net
