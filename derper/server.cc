#include "derper/server.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/go_number.h"
#include "common/cli/version.h"
#include "common/net/resolver.h"
#include "derper/key_file.h"
#include "derper/mesh_key.h"
#include "derper/notify.h"

namespace derp::relay {
namespace {

constexpr auto kLookupTimeout = std::chrono::seconds(10);  // of a host name in -a
constexpr auto kMetaInterval = std::chrono::hours(24);
// For clients that read slowly; the process is to be gone 2 s after the signal.
constexpr auto kStopPatience = std::chrono::milliseconds(1500);

Error BadVariable(const char* name, std::string_view value) {
  return {.code = ErrorCode::kInvalidArgument,
          .context = fmt::format("invalid value \"{}\" for environment variable {}", value, name)};
}

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
      accept_limit_(MakeAcceptLimit(options, clock_.Now())) {}

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
  net::SystemResolver resolver;
  auto plan = PlanListeners(options_, resolver, clock_.Now() + kLookupTimeout);
  if (!plan) return Fail(plan.error());
  plan_ = *plan;
  if (auto done = StartStun(); !done) return done;
  if (auto done = LoadKeys(); !done) return done;
  if (auto done = MakeSite(); !done) return done;
  if (auto done = MakeCertificates(); !done) return done;
  if (auto done = StartRelay(); !done) return done;
  if (auto done = StartMesh(); !done) return done;
  AddMetrics();
  LogAddresses();
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

Expected<void, Error> Server::LoadKeys() {
  if (options_.dev) {
    key_ = NodePrivate::Generate(random_);
  } else {
    const auto path = KeyFilePath(options_.key_file, geteuid() == 0, logger_);
    if (!path) return Fail(Within("derper", path.error()));
    auto key = LoadOrCreateKey(*path, random_, logger_);
    if (!key) return Fail(Within("derper", key.error()));
    key_ = *key;
  }
  auto mesh_key = LoadMeshKey(options_, environment_, logger_);
  if (!mesh_key) return Fail(mesh_key.error());
  mesh_key_ = *mesh_key;
  auto targets = ParseMeshWith(options_.mesh_with);
  if (!targets) return Fail(Within("startMesh", targets.error()));
  mesh_targets_ = std::move(*targets);
  if (!mesh_targets_.empty() && !mesh_key_) {
    return Fail(Error{.code = ErrorCode::kInvalidArgument,
                      .context = "startMesh: --mesh-with requires --mesh-psk-file"});
  }
  return {};
}

Expected<void, Error> Server::MakeSite() {
  auto access = http::DebugAccess::FromEnvironment(environment_);
  if (!access) return Fail(access.error());
  auto site = MainSite::Make({.hostname = plan_.tls ? options_.hostname : std::string(),
                              .version = cli::Version(),
                              .home = options_.home,
                              .derp = options_.derp,
                              .dev = options_.dev,
                              .has_mesh_key = mesh_key_.has_value(),
                              .tls_port = plan_.main.port},
                             std::move(*access), registry_, clock_);
  if (!site) return Fail(site.error());
  site_ = std::move(*site);
  return {};
}

Expected<void, Error> Server::MakeCertificates() {
  if (!plan_.tls) return {};
  if (options_.hostname == Options{}.hostname) {
    logger_.Warn("derper: -hostname is {}, which is not yours; set the name of this relay",
                 options_.hostname);
  }
  auto provider = MakeCertificateProvider({.mode = options_.cert_mode,
                                           .directory = options_.cert_dir,
                                           .hostname = options_.hostname,
                                           .acme_ip_certs = options_.acme_ip_certs,
                                           .server = key_.Public()},
                                          clock_, logger_);
  if (!provider) return Fail(Within("derper: can not start cert provider", provider.error()));
  certificates_ = std::move(*provider);
  return {};
}

Expected<RelayOptions, Error> Server::MakeRelayOptions() {
  RelayOptions out;
  out.private_key = key_;
  out.mesh_key = mesh_key_;
  out.listeners.push_back({.address = plan_.main,
                           .tls = plan_.tls,
                           .serves_derp = options_.derp,
                           .site = http::Answering([this](const http::Request& request) {
                             return site_->Handle(request);
                           })});
  if (plan_.plain_http) {
    out.listeners.push_back({.address = *plan_.plain_http,
                             .tls = false,
                             .serves_derp = false,
                             .site = http::Answering([this](const http::Request& request) {
                               return site_->HandlePlain(request);
                             })});
  }
  if (certificates_) {
    out.tls_context = [this]() -> std::shared_ptr<const net::TlsServerContext> {
      if (!accept_limit_.Take(1, control_.Now())) return nullptr;
      return certificates_->Context();
    };
  }
  out.workers = static_cast<unsigned>(options_.workers);
  out.tcp = {.user_timeout = options_.tcp_user_timeout,
             .keepalive_idle = options_.tcp_keepalive_time};
  out.write_timeout = options_.tcp_write_timeout;

  constexpr const char* kDepth = "TS_DEBUG_DERP_PER_CLIENT_SEND_QUEUE_DEPTH";
  if (const auto found = environment_.find(kDepth);
      found != environment_.end() && !found->second.empty()) {
    const auto depth = ParseGoInt(found->second);
    if (!depth || *depth < 1 || *depth > 65536) return Fail(BadVariable(kDepth, found->second));
    out.queue_depth = static_cast<std::size_t>(*depth);
  }
  constexpr const char* kNoStatistics = "TS_DERP_DISABLE_RTT_STATS";
  if (const auto found = environment_.find(kNoStatistics);
      found != environment_.end() && !found->second.empty()) {
    const auto off = ParseGoBool(found->second);
    if (!off) return Fail(BadVariable(kNoStatistics, found->second));
    out.rtt_statistics = !*off;
  }
  return out;
}

Expected<void, Error> Server::StartRelay() {
  auto options = MakeRelayOptions();
  if (!options) return Fail(options.error());
  auto relay = Relay::Start(std::move(*options), control_, logger_, random_);
  if (!relay) return Fail(Within("derper", relay.error()));
  relay_ = std::move(*relay);
  site_->SetTlsPort(relay_->Addresses().front().port);
  return {};
}

Expected<void, Error> Server::StartMesh() {
  if (mesh_targets_.empty()) return {};
  mesh_ = std::make_unique<MeshLinks>(MeshLinksOptions{.targets = mesh_targets_,
                                                       .key = key_,
                                                       .mesh_key = *mesh_key_,
                                                       .ca_file = options_.mesh_ca_file},
                                      relay_->mesh_port(), random_, logger_);
  mesh_->Start();
  return {};
}

void Server::AddMetrics() {
  registry_.Add(metrics::ProcessSource("derper", cli::Version()));
  registry_.Add(relay_->MetricsSource());
  registry_.Add(site_->MetricsSource());
  if (stun_) registry_.Add(stun_->MetricsSource());
  if (certificates_) registry_.Add(certificates_->MetricsSource());
  if (mesh_) registry_.Add(mesh_->MetricsSource());
  registry_.Add([this](std::vector<metrics::Family>& out) {
    metrics::Family family{.name = "derper_reloads",
                           .kind = metrics::Kind::kCounter,
                           .help = "Reloads asked for by SIGHUP, by outcome.",
                           .samples = {}};
    for (const auto& [outcome, count] : {std::pair("failed", failed_reloads_), {"ok", reloads_}}) {
      metrics::Sample sample;
      sample.labels = {{"outcome", outcome}};
      sample.value = static_cast<double>(count);
      family.samples.push_back(std::move(sample));
    }
    out.push_back(std::move(family));
  });
}

void Server::LogAddresses() const {
  const std::vector<SocketAddress> addresses = relay_->Addresses();
  const bool as_given = !options_.dev && plan_.main.port != 0;
  logger_.Info("derper: serving on {}{}",
               as_given ? options_.address : addresses.front().ToString(),
               plan_.tls ? " with TLS" : "");
  if (addresses.size() > 1) {
    logger_.Info("derper: serving plain HTTP on {}", addresses.back().ToString());
  }
}

void Server::Reload() {
  if (!certificates_) return;
  if (const auto done = certificates_->Reload(); !done) {
    ++failed_reloads_;
    logger_.Error("derper: reload failed, the old certificate stays: {}", done.error().context);
    return;
  }
  ++reloads_;
  logger_.Info("derper: certificate reloaded");
}

void Server::RenewMeta() {
  if (!certificates_) return;
  if (const auto done = certificates_->RenewMeta(); !done) {
    logger_.Error("derper: cannot renew the meta certificate: {}", done.error().context);
  }
}

void Server::Run() {
  const auto stop = [this] { control_.Stop(); };
  const net::SignalWatcher interrupt(control_, SIGINT, stop);
  const net::SignalWatcher terminate(control_, SIGTERM, stop);
  const net::SignalWatcher hang_up(control_, SIGHUP, [this] { Reload(); });
  net::Timer renewal(control_, [this] { RenewMeta(); });
  renewal.Start(kMetaInterval, kMetaInterval);
  NotifyServiceManager(environment_, "READY=1");
  control_.Run();
  NotifyServiceManager(environment_, "STOPPING=1");
  Finish();
}

void Server::Finish() {
  // From here on a signal ends the process at once.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  if (stun_) stun_->Stop();
  relay_->Stop(kStopPatience);
}

}  // namespace derp::relay
