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
  auto maps = SourcesFor(options);
  state_ =
      std::make_shared<const State>(State{std::move(options), std::move(key), std::move(maps)});
}

std::shared_ptr<MapSources> LiveSetup::SourcesFor(const Options& options) const {
  return std::make_shared<MapSources>(
      MapSourcesOptions{.sources = options.derp_map,
                        .filter = {options.region_codes, options.excluded_regions},
                        .interval = options.interval},
      clock_);
}

std::shared_ptr<const LiveSetup::State> LiveSetup::Now() const {
  const MutexLock lock(mutex_);
  return state_;
}

MapRefresh LiveSetup::Ask(const State& state) const {
  return state.maps->Refresh(clock_.Now() + state.options.interval * 4 / 5);
}

MapRefresh LiveSetup::RefreshMap() { return Ask(*Now()); }

std::optional<MeshKey> LiveSetup::KeyFor(std::string_view region_code,
                                         std::int64_t region_id) const {
  const auto state = Now();
  if (!MeshKeyMayGoTo(state->options, region_code, region_id)) return std::nullopt;
  return state->key;
}

Expected<Options, Error> LiveSetup::Reload() {
  const MutexLock one_at_a_time(reloading_);
  const auto before = Now();
  State next;
  const cli::ParseResult parsed = ParseOptions(args_, environment_, next.options);
  if (parsed.action == cli::ParseResult::Action::kExit) {
    return Fail(Refused(FirstLine(parsed.stderr_text)));
  }
  const auto key = LoadMeshKey(next.options, environment_);
  if (!key) return Fail(Refused(key.error().context));
  next.key = key->key;
  const bool same = SameMaps(before->options, next.options);
  next.maps = same ? before->maps : SourcesFor(next.options);
  const MapRefresh refresh = Ask(next);
  if (!refresh.failure.empty()) return Fail(Refused(refresh.failure));
  const SettingChanges now = CompareSettings(before->options.in_force, next.options.in_force);
  if (!now.taken.empty()) logger_.Info("reload: now in force: -{}", Join(now.taken, ", -"));
  const SettingChanges later = CompareSettings(at_start_, next.options.in_force);
  if (!later.at_next_start.empty()) {
    logger_.Warn("reload: takes effect at the next start: -{}", Join(later.at_next_start, ", -"));
  }
  logger_.Info("{}", key->log_line);
  const MutexLock lock(mutex_);
  state_ = std::make_shared<const State>(std::move(next));
  return state_->options;
}

}  // namespace derp::probe
