// Accepts for all listeners in the control thread and hands each socket to the worker with the
// fewest connections, counted in blocks. Keeps a descriptor in reserve: when they run out, what
// waits is accepted, closed and counted instead of waking the loop for ever.
#pragma once

#include <memory>
#include <vector>

#include "common/base/result.h"
#include "common/net/event_loop.h"
#include "common/net/fd.h"
#include "derper/relay/relay_state.h"

namespace derp::relay {

// Control thread. `state` outlives the acceptor.
class Acceptor {
 public:
  // Binds and listens for all of the options' listeners; accepts from the loop's next turn on.
  static Expected<std::unique_ptr<Acceptor>, Error> Start(RelayState& state);

  std::vector<SocketAddress> Addresses() const;

  // Takes who has connected already, before the listeners are closed and would reset them.
  void TakeLast();

 private:
  struct Listener {
    net::Fd fd;
    SocketAddress address;
    std::unique_ptr<net::IoWatcher> watcher;
  };

  explicit Acceptor(RelayState& state) : state_(state) {}
  // False when nobody waits (any more).
  bool AcceptWaiting(std::size_t listener);
  void HandOver(std::size_t listener, net::Fd fd, SocketAddress peer);
  bool IsProxy(const IpAddress& address) const;
  void RefuseOne(std::size_t listener);
  void OpenReserve();

  RelayState& state_;
  std::vector<Listener> listeners_;
  net::Fd reserve_;
};

}  // namespace derp::relay
