// The relay: listeners, workers, registry (docs/architecture.md). Start() binds and serves at once;
// Stop() says goodbye to everybody and joins the workers.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "common/base/cause_log.h"
#include "common/base/clock.h"
#include "common/base/defaults.h"
#include "common/base/log.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/crypto/keys.h"
#include "common/crypto/random.h"
#include "common/http/router.h"
#include "common/metrics/registry.h"
#include "common/net/event_loop.h"
#include "common/net/sockets.h"
#include "common/net/tls_context.h"
#include "derper/relay/admission_port.h"
#include "derper/relay/debug_logs.h"
#include "derper/relay/mesh_keys.h"
#include "derper/relay/mesh_port.h"
#include "derper/relay/traffic/traffic_port.h"

namespace derp::relay {

class Limits;

// The context for the next TLS connection; a reload simply answers with another one. Called in the
// control thread. Null refuses the connection.
using TlsContextProvider = std::function<std::shared_ptr<const net::TlsServerContext>()>;

// Opens a listening socket, or has one that is open already. Called at the start.
using ListenFunction =
    std::function<Expected<net::Fd, Error>(const SocketAddress&, const net::TcpOptions&)>;

struct ListenerOptions {
  SocketAddress address;  // port 0 picks one
  bool tls = false;
  bool serves_derp = true;  // off: /derp goes to the site as well (-derp=false, port 80)
  // Answers everything but the DERP upgrade. Called in the control thread, must not block; the
  // Responder is used there too. Must be set.
  http::Handler site;
};

struct RelayOptions {
  NodePrivate private_key;
  std::shared_ptr<const MeshKeys> mesh_keys{};  // null: nobody is a mesh client
  std::vector<ListenerOptions> listeners;
  TlsContextProvider tls_context{};    // needed when a listener has tls
  AdmissionPort* admission = nullptr;  // outlives the relay; null: everybody may enter
  Limits* limits = nullptr;            // outlives the relay; null: nobody is limited
  // Whose connections begin with a PROXY head that names the client; nobody else's may.
  std::vector<IpPrefix> proxies{};

  unsigned workers = 0;  // 0: one per usable core
  net::TcpOptions tcp{};
  ListenFunction listen = net::ListenTcp;
  Duration write_timeout = kWriteTimeout;  // towards regular clients; 0: none
  Duration mesh_write_timeout = kMeshWriteTimeout;
  Duration login_timeout = kLoginTimeout;  // TLS, head and login together
  Duration keep_alive = kKeepAliveInterval;
  Duration keep_alive_jitter = kKeepAliveJitter;
  Duration round_trip_interval = std::chrono::seconds(10);  // derp_tcp_rtt, per client
  std::size_t queue_depth = 32;                             // packets per lane
  // So many connections go to one worker before the next gets any; 1 spreads evenly.
  std::size_t connections_per_block = 16;
  bool rtt_statistics = true;
  DebugLogs debug_logs{};
  CauseLogLimits log_limits{};  // of lines that peers can trigger
};

// Everything here is called in the control loop's thread, except where it says otherwise.
class Relay {
 public:
  // `control` accepts and runs the site handlers; the caller runs it. `control`, `logger` and
  // `random` (any thread may use it) outlive the relay.
  static Expected<std::unique_ptr<Relay>, Error> Start(RelayOptions options,
                                                       net::EventLoop& control,
                                                       const Logger& logger, RandomSource& random);
  ~Relay();  // stops as well

  // Where the listeners really are, in the order of the options.
  std::vector<SocketAddress> Addresses() const;

  MeshPort& mesh_port();
  TrafficPort& traffic_port();

  // derp_*, derper_tls_*, tls_listener_* families; callable in any thread, also after Stop().
  metrics::Registry::Source MetricsSource() const;

  // Whether registry, connections and gauges fit together; `done` gets what does not, later and in
  // the control thread, unless the relay ends before.
  void CheckConsistency(std::function<void(std::vector<std::string>)> done);

  // Accepts nobody any more, sends Restarting, drains for at most `patience`, joins the workers.
  // Blocks that long.
  void Stop(Duration patience = std::chrono::seconds(2));

 private:
  struct Impl;
  explicit Relay(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace derp::relay
