#include "derpprobe/setup/live_setup.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"

namespace derp::probe {
namespace {

constexpr std::array<std::string_view, 13> kTaken = {"derp-map",          "dev",
                                                     "exclude-region",    "interval",
                                                     "mesh-interval",     "mesh-key-regions",
                                                     "mesh-psk-file",     "region-code",
                                                     "secrets-cache-dir", "secrets-path-prefix",
                                                     "secrets-url",       "stun-interval",
                                                     "tls-interval"};

Error Refused(std::string context) {
  return Error{.code = ErrorCode::kInvalidArgument, .context = std::move(context)};
}

// A usage message is followed by the usage: the first line says it.
std::string FirstLine(const std::string& text) {
  return std::string(TrimSpace(std::string_view(text).substr(0, text.find('\n'))));
}

// The settings of kTaken; the others stay what the service was started with.
void TakeOver(const Options& fresh, Options& options) {
  options.dev = fresh.dev;
  options.derp_map = fresh.derp_map;
  options.region_codes = fresh.region_codes;
  options.excluded_regions = fresh.excluded_regions;
  options.interval = fresh.interval;
  options.tls_interval = fresh.tls_interval;
  options.stun_interval = fresh.stun_interval;
  options.mesh_interval = fresh.mesh_interval;
  options.mesh_psk_file = fresh.mesh_psk_file;
  options.mesh_key_regions = fresh.mesh_key_regions;
  options.secrets_url = fresh.secrets_url;
  options.secrets_path_prefix = fresh.secrets_path_prefix;
  options.secrets_cache_file = fresh.secrets_cache_file;
  options.in_force = fresh.in_force;
}

bool SameMaps(const Options& a, const Options& b) {
  return a.derp_map == b.derp_map && a.region_codes == b.region_codes &&
         a.excluded_regions == b.excluded_regions && a.interval == b.interval;
}

}  // namespace

SettingChanges CompareSettings(const std::vector<cli::FlagInForce>& before,
                               const std::vector<cli::FlagInForce>& now) {
  SettingChanges changes;
  for (const cli::FlagInForce& flag : now) {
    const auto old = std::find_if(before.begin(), before.end(), [&](const cli::FlagInForce& other) {
      return other.name == flag.name;
    });
    if (old != before.end() && old->values == flag.values) continue;
    const bool taken = std::find(kTaken.begin(), kTaken.end(), flag.name) != kTaken.end();
    (taken ? changes.taken : changes.at_next_start).push_back(flag.name);
  }
  return changes;
}

LiveSetup::LiveSetup(std::vector<std::string> args, std::map<std::string, std::string> environment,
                     Options options, std::optional<MeshKey> key, const Clock& clock,
                     const Logger& logger)
    : args_(std::move(args)),
      environment_(std::move(environment)),
      at_start_(options.in_force),
      clock_(clock),
      logger_(logger) {
  auto maps = SourcesFor(options, nullptr);
  state_ =
      std::make_shared<const State>(State{std::move(options), std::move(key), std::move(maps)});
}

std::shared_ptr<MapSources> LiveSetup::SourcesFor(const Options& options,
                                                  const MapSources* before) const {
  return std::make_shared<MapSources>(
      MapSourcesOptions{.sources = options.derp_map,
                        .filter = {options.region_codes, options.excluded_regions},
                        .interval = options.interval},
      clock_, before);
}

std::shared_ptr<const LiveSetup::State> LiveSetup::Now() const {
  const MutexLock lock(mutex_);
  return state_;
}

MapRefresh LiveSetup::Ask(const State& state) const {
  return state.maps->Refresh(clock_.Now() + state.options.interval * 4 / 5);
}

MapRefresh LiveSetup::RefreshMap() {
  MapRefresh refresh = Ask(*Now());
  Remember(refresh);
  return refresh;
}

void LiveSetup::Remember(const MapRefresh& refresh) {
  const MutexLock lock(mutex_);
  if (!refresh.map || refresh.map == map_) return;
  map_ = refresh.map;
  if (!state_->key || state_->options.derp_map.size() < 2) return;
  if (!map_->complete) logger_.Warn("mesh key: given to nobody until every map source was read");
  for (const derpmap::RegionId id : map_->contested) {
    logger_.Warn("mesh key: not for region {}: more than one map source uses its number or code",
                 id);
  }
}

std::optional<MeshKey> LiveSetup::KeyFor(std::string_view region_code,
                                         std::int64_t region_id) const {
  const MutexLock lock(mutex_);
  const bool may = map_ && map_->MayHaveKey(region_id) &&
                   MeshKeyMayGoTo(state_->options, region_code, region_id);
  return may ? state_->key : std::nullopt;
}

Expected<Options, Error> LiveSetup::Reload() {
  const MutexLock one_at_a_time(reloading_);
  const auto before = Now();
  Options fresh;
  const cli::ParseResult parsed = ParseOptions(args_, environment_, fresh);
  if (parsed.action == cli::ParseResult::Action::kExit) {
    return Fail(Refused(FirstLine(parsed.stderr_text)));
  }
  State next{before->options, {}, {}};
  TakeOver(fresh, next.options);
  const auto key = LoadMeshKey(next.options, environment_);
  if (!key) return Fail(Refused(key.error().context));
  next.key = key->key;
  const bool same = SameMaps(before->options, next.options);
  next.maps = same ? before->maps : SourcesFor(next.options, before->maps.get());
  const MapRefresh refresh = Ask(next);
  if (!refresh.wrong.empty()) return Fail(Refused(refresh.wrong));
  if (!refresh.failure.empty()) {
    logger_.Warn("reload: the last good map stays in force: {}", refresh.failure);
  }
  const SettingChanges now = CompareSettings(before->options.in_force, next.options.in_force);
  if (!now.taken.empty()) logger_.Info("reload: now in force: -{}", Join(now.taken, ", -"));
  const SettingChanges later = CompareSettings(at_start_, next.options.in_force);
  if (!later.at_next_start.empty()) {
    logger_.Warn("reload: takes effect at the next start: -{}", Join(later.at_next_start, ", -"));
  }
  logger_.Info("{}", key->log_line);
  Options options = next.options;
  {
    const MutexLock lock(mutex_);
    state_ = std::make_shared<const State>(std::move(next));
  }
  Remember(refresh);
  return options;
}

}  // namespace derp::probe
