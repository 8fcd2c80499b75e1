#include "derper/server.h"

#include <algorithm>
#include <cmath>
#include <csignal>

#include <fmt/format.h>

#include "common/net/resolver.h"
#include "derper/notify.h"
#include "derper/open_door.h"

namespace derp::relay {
namespace {

constexpr auto kLookupTimeout = std::chrono::seconds(10);  // of a host name in -a
constexpr auto kMetaInterval = std::chrono::hours(24);
constexpr auto kLookInterval = std::chrono::seconds(2);  // at files that may be replaced
// For clients that read slowly; the process is to be gone 2 s after the signal.
constexpr auto kStopPatience = std::chrono::milliseconds(1500);

// One token per accepted TLS connection (derper.md 8). A limit without a burst would never limit.
TokenBucket MakeAcceptLimit(const Options& options, TimePoint now) {
  const bool untouched = options.accept_burst == Options{}.accept_burst;
  const double burst = untouched ? std::max(1.0, std::ceil(options.accept_limit))
                                 : static_cast<double>(options.accept_burst);
  return TokenBucket(options.accept_limit, burst, now);
}

}  // namespace

Server::Server(const Options& options, const Environment& environment, const Logger& logger)
    : options_(options),
      environment_(environment),
      logger_(logger),
      accept_limit_(MakeAcceptLimit(options, clock_.Now())),
      reloads_(logger) {}

Server::~Server() {
  if (relay_) relay_->Stop();  // Its loops run the mesh links.
  mesh_.reset();
}

Expected<void, Error> Server::Start() {
  if (options_.dev) logger_.Info("Running in dev mode.");
  if (std::isfinite(options_.accept_limit) && options_.accept_burst == Options{}.accept_burst) {
    logger_.Warn("derper: -accept-connection-limit without -accept-connection-burst: taking {}",
                 std::max(1.0, std::ceil(options_.accept_limit)));
  }
  net::RaiseDescriptorLimit();
  auto inherited = InheritedSockets::FromEnvironment(environment_);
  if (!inherited) return Fail(Within("derper", inherited.error()));
  inherited_ = std::move(*inherited);
  net::SystemResolver resolver;
  auto plan = PlanListeners(options_, resolver, clock_.Now() + kLookupTimeout);
  if (!plan) return Fail(plan.error());
  plan_ = *plan;
  if (auto done = StartStun(); !done) return done;
  if (auto done = LoadKeys(); !done) return done;
  if (auto done = LoadLimits(); !done) return done;
  if (auto done = MakeSite(); !done) return done;
  if (auto done = MakeCertificates(); !done) return done;
  if (auto done = StartAdmission(); !done) return done;
  if (auto done = StartRelay(); !done) return done;
  if (auto done = StartMesh(); !done) return done;
  if (auto done = StartDebugListener(); !done) return done;
  AddTrafficPage();
  KeepMeshKeyFresh();
  AddMetrics();
  HeedSignals();  // before anybody is told that there is something to signal
  LogAddresses();
  WarnOfOpenDoor();
  return {};
}

Expected<void, Error> Server::StartStun() {
  if (!plan_.stun) return {};
  const bool generic = options_.stun_mode == "generic";
  auto stun =
      StunServer::Start({.address = *plan_.stun,
                         .mode = generic ? stun::ServerMode::kGeneric : stun::ServerMode::kStrict,
                         .threads = static_cast<unsigned>(options_.stun_threads)},
                        logger_, clock_, random_);
  if (!stun) return Fail(stun.error());
  stun_ = std::move(*stun);
  return {};
}

Expected<void, Error> Server::StartMesh() {
  if (mesh_targets_.empty()) return {};
  mesh_ = std::make_unique<MeshLinks>(MeshLinksOptions{.targets = mesh_targets_,
                                                       .key = key_,
                                                       .mesh_keys = mesh_keys_,
                                                       .ca_file = options_.mesh_ca_file},
                                      relay_->mesh_port(), random_, logger_);
  mesh_->Start();
  return {};
}

void Server::WarnOfOpenDoor() const {
  if (const auto warning = FindOpenDoor(options_, plan_.main.ip, OwnAddresses())) {
    logger_.Warn("derper: {}", *warning);
  }
}

void Server::Reload() {
  const auto since_boot = std::chrono::duration_cast<std::chrono::microseconds>(
      clock_.Now().time_since_epoch());  // systemd wants CLOCK_MONOTONIC, which the steady clock is
  NotifyServiceManager(environment_,
                       fmt::format("RELOADING=1\nMONOTONIC_USEC={}", since_boot.count()));
  reloads_.Run();
  NotifyServiceManager(environment_, "READY=1");
}

void Server::HeedSignals() {
  const auto heed = [this](int signal_number, std::function<void()> callback) {
    signals_.push_back(
        std::make_unique<net::SignalWatcher>(control_, signal_number, std::move(callback)));
  };
  for (const int end : {SIGINT, SIGTERM}) {
    heed(end, [this] { control_.Stop(); });
  }
  heed(SIGHUP, [this] { Reload(); });
}

void Server::Run() {
  net::Timer renewal(control_, [this] { RenewMeta(); });
  renewal.Start(kMetaInterval, kMetaInterval);
  net::Timer look(control_, [this] {
    for (const auto& watch : watches_) watch->Poll();
  });
  if (!watches_.empty()) look.Start(kLookInterval, kLookInterval);
  NotifyServiceManager(environment_, "READY=1");
  control_.Run();
  NotifyServiceManager(environment_, "STOPPING=1");
  Finish();
}

void Server::Finish() {
  // From here on a signal ends the process at once.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  if (key_refresh_) key_refresh_->BeginStop();
  if (stun_) stun_->Stop();
  if (gate_) gate_->Stop();
  relay_->Stop(kStopPatience);
}

}  // namespace derp::relay
