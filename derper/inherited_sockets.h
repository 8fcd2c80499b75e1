// Listening sockets that systemd keeps over a restart (sd_listen_fds(3)): what connects meanwhile
// waits for the next process instead of being refused.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/net/fd.h"
#include "common/net/sockets.h"
#include "derper/options.h"

namespace derp::relay {

// One thread.
class InheritedSockets {
 public:
  // LISTEN_PID and LISTEN_FDS; none when they are not for this process. Every socket must be a TCP
  // listener. Call once: the descriptors are owned from then on.
  static Expected<InheritedSockets, Error> FromEnvironment(const Environment& environment);

  // The one that listens there, else as net::ListenTcp.
  Expected<net::Fd, Error> Listen(const SocketAddress& address, const net::TcpOptions& options);

  // Where a socket listens that nobody asked for: a mistake, since its clients would wait for ever.
  std::optional<SocketAddress> FindUnused() const;

 private:
  struct Socket {
    net::Fd fd;
    SocketAddress address;
  };
  std::vector<Socket> sockets_;
};

}  // namespace derp::relay
