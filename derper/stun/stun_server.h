// The relay's STUN server: its own sockets and threads, so that a flood cannot delay relaying
// (stun.md 4).
#pragma once

#include <memory>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/crypto/random.h"
#include "common/metrics/registry.h"
#include "common/stun/server_answer.h"
#include "derper/stun/stun_counters.h"

namespace derp::relay {

struct StunServerOptions {
  SocketAddress address;  // the host of -a and -stun-port; port 0 picks one
  stun::ServerMode mode = stun::ServerMode::kStrict;
  unsigned threads = 1;  // each with a socket of its own

  // Generic mode: answers per second and at once to a source that is no Tailscale client.
  double source_rate = 20;
  double source_burst = 40;
};

class StunServer {
 public:
  // Binds, logs "STUN server listening on ADDRESS" and serves at once. An error names the flag and
  // the address. `logger` and `clock` outlive the server; `random` is used in this call only.
  static Expected<std::unique_ptr<StunServer>, Error> Start(const StunServerOptions& options,
                                                            const Logger& logger,
                                                            const Clock& clock,
                                                            RandomSource& random);
  ~StunServer();  // stops as well

  SocketAddress address() const;  // where it really listens
  StunFigures Figures() const;    // any thread

  // stun_requests, stun_addrfamily, stun_rejected. Any thread; may outlive the server.
  metrics::Registry::Source MetricsSource() const;

  void Stop();  // closes the sockets and joins the threads

 private:
  struct Impl;
  explicit StunServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace derp::relay
