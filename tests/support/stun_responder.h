// A STUN server on loopback that behaves as told: answers, keeps silent for a while, or sees
// another address than the true one.
#pragma once

#include <optional>
#include <string>

#include "tests/support/scripted_server.h"

namespace derp::test {

struct StunBehaviour {
  unsigned ignore_first = 0;              // requests that get no answer
  std::optional<SocketAddress> mapped{};  // what the answers say, instead of the source
};

class StunResponder {
 public:
  // `address` as "127.0.0.1" or "::1"; the port is the kernel's choice.
  explicit StunResponder(std::string_view address, StunBehaviour behaviour = {})
      : server_(SocketAddress{IpAddress::Parse(address).value(), 0}.ToString().c_str(),
                [behaviour](const stun::TransactionId& id, const SocketAddress& source,
                            unsigned number) -> std::vector<Answer> {
                  if (number <= behaviour.ignore_first) return {};
                  return {Answer{stun::BuildResponse(id, behaviour.mapped.value_or(source))}};
                }) {}

  std::uint16_t port() const { return server_.address().port; }
  unsigned requests() const { return server_.requests(); }

  static constexpr unsigned kAll = ~0U;  // for ignore_first

 private:
  ScriptedServer server_;
};

}  // namespace derp::test
