// Names to addresses as the system does it (getaddrinfo: /etc/hosts and nsswitch decide), and, when
// that fails, why: NXDOMAIN, SERVFAIL, time-out and which resolver, by c-ares. Blocking.
#pragma once

#include <functional>
#include <memory>
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
  // Go's words: "lookup NAME: no such host", "lookup NAME on 192.0.2.53:53: server misbehaving".
  std::string text;
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

// What the system said about one name: getaddrinfo's error (0: none) and the addresses, in its
// order.
struct SystemLookup {
  int error = 0;
  std::vector<IpAddress> addresses;
};
SystemLookup LookupBySystem(const std::string& name, std::optional<AddressFamily> family);

// Any thread; lookups run side by side. A lookup that hangs is left behind with its thread; at most
// kMaxPending of them, then further ones fail at once.
class SystemResolver final : public Resolver {
 public:
  using Lookup =
      std::function<SystemLookup(const std::string& name, std::optional<AddressFamily> family)>;
  static constexpr int kMaxPending = 256;

  // LookupBySystem, where /etc/hosts does not say it alone.
  SystemResolver();
  // `lookup` may outlive the resolver, by the time it hangs.
  explicit SystemResolver(Lookup lookup);
  ~SystemResolver() override;

  Expected<std::vector<IpAddress>, DnsError> Resolve(std::string_view name,
                                                     std::optional<AddressFamily> family,
                                                     TimePoint deadline) override;

 private:
  struct State;
  // Gives it to a thread, or tells why not.
  std::optional<DnsError> Begin(const std::string& name, std::function<void()> work);
  Expected<SystemLookup, DnsError> RunLookup(const std::string& name,
                                             std::optional<AddressFamily> family,
                                             TimePoint deadline);

  std::shared_ptr<State> state_;
};

}  // namespace derp::net
