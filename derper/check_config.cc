#include "derper/check_config.h"

#include <unistd.h>

#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/http/debug_access.h"
#include "common/net/peer_verification.h"
#include "common/net/resolver.h"
#include "derper/admission/key_list.h"
#include "derper/admission/url_method.h"
#include "derper/certs/certificate_provider.h"
#include "derper/key_file.h"
#include "derper/limits/rate_config.h"
#include "derper/listen_plan.h"
#include "derper/mesh/mesh_target.h"
#include "derper/mesh_key.h"
#include "derper/open_door.h"
#include "derper/web/site.h"

namespace derp::relay {
namespace {

using config::ConfigCheck;
using config::FindMakeProblem;

constexpr auto kLookupTimeout = std::chrono::seconds(10);
constexpr std::size_t kMaxAnchors = 4 * 1024 * 1024;

class Checker {
 public:
  Checker(const Options& options, const Environment& environment)
      : options_(options), environment_(environment) {}

  ConfigCheck Run() {
    Settings();
    Addresses();
    Key();
    MeshKeyAndPeers();
    Pages();
    Certificates();
    StateDirectory();
    Rates();
    Admission();
    OpenDoor();
    return std::move(check_);
  }

 private:
  void Say(std::string_view line) { check_.Say(line); }
  void Wrong(std::string_view line) { check_.Wrong(line); }

  void Settings() {
    if (const auto bad = FindBadOption(options_)) return Wrong(*bad);
    Say(options_.config.empty() ? "flags and environment: ok"
                                : fmt::format("flags, environment and {}: ok", options_.config));
  }

  void Addresses() {
    net::SystemResolver resolver;
    auto plan = PlanListeners(options_, resolver, clock_.Now() + kLookupTimeout);
    if (!plan) return Wrong(plan.error().context);
    plan_ = *plan;
    Say(fmt::format("address {}: ok, {}", plan_->main.ToString(),
                    plan_->tls ? "TLS" : "clear text"));
  }

  void Key() {
    if (options_.dev) return Say("key: a fresh one at each start");
    const auto path = KeyFilePath(options_.key_file, geteuid() == 0, quiet_);
    if (!path) return Wrong(path.error().context);
    const auto text = ReadFile(*path, wire::kMaxKeyFile);
    if (!text && text.error().code == ErrorCode::kNotFound) {
      const auto problem = FindMakeProblem(DirectoryOf(*path));
      return problem ? Wrong(fmt::format("key file {}: {}", *path, *problem))
                     : Say(fmt::format("key file {}: will be made", *path));
    }
    if (!text) return Wrong(text.error().context);
    const auto key = ParseKeyFile(*text);
    if (!key) return Wrong(fmt::format("{}: {}", *path, key.error().context));
    key_ = *key;
    Say(fmt::format("key file {}: ok", *path));
  }

  // Whether there is a mesh key; empty when that could not be found out.
  std::optional<bool> HasMeshKey() {
    if (options_.dev) {
      const auto key = LoadMeshKey(options_, environment_, clock_, quiet_);
      if (!key) Wrong(key.error().context);
      return key ? std::optional(key->has_value()) : std::nullopt;
    }
    const bool is_secret = !options_.secrets_url.empty();
    if (!is_secret && options_.mesh_psk_file.empty()) return false;
    secrets::SetecSource source = MeshKeySecret(options_);
    source.cache_file.clear();
    const auto key =
        is_secret ? FetchMeshKey(source, clock_, quiet_) : ReadMeshKeyFile(options_.mesh_psk_file);
    if (!key) Wrong(key.error().context);
    return key ? std::optional(true) : std::nullopt;
  }

  void MeshKeyAndPeers() {
    const std::optional<bool> has_key = HasMeshKey();
    if (has_key) Say(*has_key ? "mesh key: ok" : "mesh key: none");
    const auto peers = ParseMeshWith(options_.mesh_with);
    if (!peers) return Wrong(fmt::format("startMesh: {}", peers.error().context));
    if (!peers->empty() && has_key == false) {
      Wrong("startMesh: --mesh-with requires --mesh-psk-file");
    }
    if (options_.mesh_ca_file.empty()) return;
    const auto pem = ReadFile(options_.mesh_ca_file, kMaxAnchors);
    if (!pem) return Wrong(pem.error().context);
    const auto roots = net::RootStore::Only(*pem);
    if (!roots) return Wrong(fmt::format("{}: {}", options_.mesh_ca_file, roots.error().context));
    Say(fmt::format("{}: ok", options_.mesh_ca_file));
  }

  void Pages() {
    const auto access = http::DebugAccess::FromEnvironment(environment_);
    if (!access) Wrong(access.error().context);
    if (!IsHomeValue(options_.home)) Wrong("unknown --home value " + GoQuote(options_.home));
  }

  void Certificates() {
    if (!plan_ || !plan_->tls) return;
    const auto found = CheckCertificates({.mode = options_.cert_mode,
                                          .directory = options_.cert_dir,
                                          .hostname = options_.hostname,
                                          .acme_ip_certs = options_.acme_ip_certs,
                                          .server = key_.Public()},
                                         clock_);
    if (!found) return Wrong(found.error().context);
    Say(fmt::format("certificate: {}", *found));
  }

  void StateDirectory() {
    if (options_.state_dir.empty()) return;
    if (const auto problem = FindMakeProblem(options_.state_dir)) {
      return Wrong(fmt::format("-state-dir {}: {}", options_.state_dir, *problem));
    }
    Say(fmt::format("state directory {}: ok", options_.state_dir));
  }

  void Rates() {
    if (options_.rate_config.empty()) return;
    const auto config = ReadRateConfig(options_.rate_config);
    if (!config) return Wrong(config.error().context);
    Say(fmt::format("rate config {}: ok", options_.rate_config));
    if (!config->unknown.empty()) {
      Say(fmt::format("warning: {}: members that mean nothing here: {}", options_.rate_config,
                      Join(config->unknown, ", ")));
    }
  }

  void Admission() {
    for (const std::string& url : ListItems(options_.verify_client_url)) {
      if (const auto good = admission::UrlMethod::Check(url); !good) Wrong(good.error().context);
    }
    for (const std::string& path : {options_.verify_allow_file, options_.verify_deny_file}) {
      if (path.empty()) continue;
      const auto keys = admission::KeyList::Load(path);
      keys ? Say(fmt::format("{}: {} keys", path, keys->size())) : Wrong(keys.error().context);
    }
  }

  void OpenDoor() {
    if (!plan_) return;
    if (const auto warning = FindOpenDoor(options_, plan_->main.ip, OwnAddresses())) {
      Say(fmt::format("warning: {}", *warning));
    }
  }

  const Options& options_;
  const Environment& environment_;
  const SystemClock clock_;
  const Logger quiet_{[](LogLevel, std::string_view) {}};
  NodePrivate key_;
  std::optional<ListenPlan> plan_;
  ConfigCheck check_;
};

}  // namespace

config::ConfigCheck CheckConfig(const Options& options, const Environment& environment) {
  return Checker(options, environment).Run();
}

}  // namespace derp::relay
