// The running relay: builds its parts in the order that decides which mistake is told first
// (derper.md 1.4), and keeps them until a signal ends it. One file per part: server_*.cc.
#pragma once

#include <memory>
#include <optional>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/result.h"
#include "common/base/token_bucket.h"
#include "common/crypto/random.h"
#include "common/http/server.h"
#include "common/metrics/registry.h"
#include "common/net/event_loop.h"
#include "derper/admission/gate.h"
#include "derper/certs/certificate_provider.h"
#include "derper/file_watch.h"
#include "derper/inherited_sockets.h"
#include "derper/limits/limits.h"
#include "derper/listen_plan.h"
#include "derper/mesh/mesh_links.h"
#include "derper/mesh_key_refresh.h"
#include "derper/options.h"
#include "derper/relay/mesh_keys.h"
#include "derper/relay/relay.h"
#include "derper/reloads.h"
#include "derper/stun/stun_server.h"
#include "derper/web/site.h"
#include "derper/web/traffic_page.h"

namespace derp::relay {

// One thread, which Run() makes the control thread.
class Server {
 public:
  // All three outlive the server.
  Server(const Options& options, const Environment& environment, const Logger& logger);
  ~Server();

  // Starts everything, or says what is wrong; what had started is stopped again.
  Expected<void, Error> Start();

  // Serves until SIGINT or SIGTERM; a second signal ends the process at once. SIGHUP reloads. What
  // came after Start() said that it serves is heeded too.
  void Run();

 private:
  Expected<void, Error> LoadKeys();
  void KeepMeshKeyFresh();
  Expected<void, Error> LoadLimits();
  Expected<void, Error> MakeSite();
  Expected<void, Error> StartDebugListener();
  void AddTrafficPage();
  Expected<void, Error> MakeCertificates();
  Expected<void, Error> StartAdmission();
  Expected<void, Error> StartStun();
  Expected<void, Error> StartRelay();
  Expected<void, Error> StartMesh();
  Expected<RelayOptions, Error> MakeRelayOptions();
  void AddMetrics();
  void HeedSignals();
  void LogAddresses() const;
  void Reload();
  void RenewMeta();
  void WarnOfOpenDoor() const;
  void Finish();

  const Options& options_;
  const Environment& environment_;
  const Logger& logger_;
  const SystemClock clock_;
  SystemRandom random_;
  net::EventLoop control_;
  std::vector<std::unique_ptr<net::SignalWatcher>> signals_;

  TokenBucket accept_limit_;
  InheritedSockets inherited_;
  ListenPlan plan_;
  NodePrivate key_;
  std::shared_ptr<MeshKeys> mesh_keys_;  // null: no mesh
  std::vector<MeshTarget> mesh_targets_;
  metrics::Registry registry_;
  Reloads reloads_;
  std::vector<std::unique_ptr<FileWatch>> watches_;
  std::unique_ptr<MeshKeyRefresh> key_refresh_;  // with -secrets-url

  std::unique_ptr<Limits> limits_;  // null: without -rate-config
  std::unique_ptr<MainSite> site_;
  std::unique_ptr<BootstrapLookup> bootstrap_lookup_;
  std::unique_ptr<http::Server> debug_server_;
  std::unique_ptr<CertificateProvider> certificates_;
  std::unique_ptr<StunServer> stun_;
  std::unique_ptr<admission::Gate> gate_;  // null: everybody is admitted
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<TrafficPages> traffic_;
  std::unique_ptr<MeshLinks> mesh_;  // its links run in the relay's loops; see ~Server
};

}  // namespace derp::relay
