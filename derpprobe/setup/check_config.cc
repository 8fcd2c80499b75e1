#include "derpprobe/setup/check_config.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "derpprobe/maps/map_sources.h"

namespace derp::probe {
namespace {

constexpr auto kMapDeadline = std::chrono::seconds(12);

class Checker {
 public:
  Checker(const Options& options, const std::map<std::string, std::string>& environment)
      : options_(options), environment_(environment) {}

  config::ConfigCheck Run() {
    Say(options_.config.empty() ? "flags and environment: ok"
                                : fmt::format("flags, environment and {}: ok", options_.config));
    MeshKeyFile();
    NodeKeyFile();
    Maps();
    StateDirectory();
    return std::move(check_);
  }

 private:
  void Say(std::string_view line) { check_.Say(line); }
  void Wrong(std::string_view line) { check_.Wrong(line); }

  void MeshKeyFile() {
    const auto key = LoadMeshKey(options_, environment_);
    if (!key) return Wrong(key.error().context);
    Say(fmt::format("mesh key: {}", key->log_line));
  }

  void NodeKeyFile() {
    const auto key = LoadNodeKey(options_);
    if (!key) return Wrong(key.error().context);
    if (*key) Say(fmt::format("node key {}: ok", options_.key_file));
  }

  void Maps() {
    const SystemClock clock;
    MapSources sources({.sources = options_.derp_map,
                        .filter = {options_.region_codes, options_.excluded_regions},
                        .interval = options_.interval},
                       clock);
    const MapRefresh refresh = sources.Refresh(clock.Now() + kMapDeadline);
    for (const SourceState& source : refresh.sources) {
      if (source.failure.empty()) Say(fmt::format("map {}: ok", source.shown));
      if (!source.failure.empty()) Wrong(source.failure);
    }
    for (const derpmap::Note& note : refresh.notes) {
      if (note.code == "map.empty") Wrong(note.fact);
    }
    if (!refresh.map) return;
    const derpmap::DerpMap& map = refresh.map->merged.document.map;
    Say(fmt::format("to be probed: {} regions, {} nodes (what is wrong with them: derpprobe -lint)",
                    map.regions.size(), map.NodeCount()));
  }

  void StateDirectory() {
    const std::string& path = options_.state_dir;
    if (path.empty()) return;
    if (const auto problem = config::FindMakeProblem(path)) {
      return Wrong(fmt::format("-state-dir {}: {}", path, *problem));
    }
    Say(fmt::format("state directory {}: ok", path));
  }

  const Options& options_;
  const std::map<std::string, std::string>& environment_;
  config::ConfigCheck check_;
};

}  // namespace

config::ConfigCheck CheckConfig(const Options& options,
                                const std::map<std::string, std::string>& environment) {
  return Checker(options, environment).Run();
}

}  // namespace derp::probe
