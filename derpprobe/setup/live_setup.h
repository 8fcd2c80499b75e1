// What the running service works with and a reload replaces as a whole: settings, mesh key, map
// sources (derpprobe.md 12.1). Any thread; reloads wait for each other.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/crypto/keys.h"
#include "derpprobe/maps/map_sources.h"
#include "derpprobe/options/options.h"

namespace derp::probe {

// The names of flags whose values differ, and of those that a running service can take.
struct SettingChanges {
  std::vector<std::string> taken;
  std::vector<std::string> at_next_start;
};
SettingChanges CompareSettings(const std::vector<cli::FlagInForce>& before,
                               const std::vector<cli::FlagInForce>& now);

class LiveSetup {
 public:
  // `options` come from `args` and `environment`, which every reload reads again together with the
  // settings file. `clock` and `logger` outlive the object.
  LiveSetup(std::vector<std::string> args, std::map<std::string, std::string> environment,
            Options options, std::optional<MeshKey> key, const Clock& clock, const Logger& logger);

  // Asks the sources now; blocks for at most 80 % of the interval.
  MapRefresh RefreshMap();

  // findings.md rule 10, by the settings in force; never for a region whose name several sources
  // use.
  std::optional<MeshKey> KeyFor(std::string_view region_code, std::int64_t region_id) const;

  // Reads everything again. When all of it is good it is in force, and the settings are returned;
  // names of flags that need a restart go to the log. Else nothing changes. A map source that is
  // down speaks against nothing: its last good map stays. Blocking.
  Expected<Options, Error> Reload();

 private:
  struct State {
    Options options;
    std::optional<MeshKey> key;
    std::shared_ptr<MapSources> maps;
  };
  std::shared_ptr<const State> Now() const;
  MapRefresh Ask(const State& state) const;
  void Remember(const MapRefresh& refresh);
  std::shared_ptr<MapSources> SourcesFor(const Options& options, const MapSources* before) const;

  const std::vector<std::string> args_;
  const std::map<std::string, std::string> environment_;
  const std::vector<cli::FlagInForce> at_start_;
  const Clock& clock_;
  const Logger& logger_;
  Mutex reloading_;  // held through a reload, before mutex_
  mutable Mutex mutex_;
  std::shared_ptr<const State> state_ DERP_GUARDED_BY(mutex_);
  std::shared_ptr<const LoadedMap> map_ DERP_GUARDED_BY(mutex_);  // the last one that was read
};

}  // namespace derp::probe
