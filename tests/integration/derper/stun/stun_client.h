// A STUN client for tests of the server, and a wait for what another thread does.
#pragma once

#include <functional>
#include <optional>

#include "common/net/sockets.h"
#include "common/stun/message.h"

namespace derp::relay::test {

inline SocketAddress At(std::string_view text) { return SocketAddress::Parse(text).value(); }

// True as soon as the condition holds, false when ten seconds did not bring it.
bool Eventually(const std::function<bool()>& condition);

class StunClient {
 public:
  explicit StunClient(const SocketAddress& local);  // throws when it cannot be bound

  void Send(ByteView bytes, const SocketAddress& to);
  void SendRequest(const SocketAddress& to);  // in Tailscale's dialect

  // The next datagram within ten seconds.
  std::optional<net::Datagram> Receive(Duration patience = std::chrono::seconds(10));
  // A request, sent again while no answer comes.
  std::optional<net::Datagram> Ask(const SocketAddress& server);

  SocketAddress local() const;

 private:
  net::Fd fd_;
  stun::TransactionId id_{{1, 2, 3}};
};

}  // namespace derp::relay::test
