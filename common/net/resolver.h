// Names to addresses as the system does it (getaddrinfo: /etc/hosts and nsswitch decide), and, when
// that fails, why: NXDOMAIN, SERVFAIL, time-out and which resolver, by c-ares. Blocking.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"

namespace derp::net {

enum class DnsFailure { kNotFound, kNoAddress, kTimeout, kServerFailure, kOther };

struct DnsError {
  DnsFailure failure = DnsFailure::kOther;
  std::string text;  // Go's words: "lookup NAME: no such host"
};

// Addresses of one family, or of both (IPv4 first) when `family` is empty. Literals resolve to
// themselves. The deadline bounds the call: a stuck system resolver is left behind on its thread.
class Resolver {
 public:
  virtual ~Resolver() = default;
  virtual Expected<std::vector<IpAddress>, DnsError> Resolve(std::string_view name,
                                                             std::optional<AddressFamily> family,
                                                             TimePoint deadline) = 0;
};

class SystemResolver final : public Resolver {
 public:
  Expected<std::vector<IpAddress>, DnsError> Resolve(std::string_view name,
                                                     std::optional<AddressFamily> family,
                                                     TimePoint deadline) override;
};

}  // namespace derp::net
