// All probes the service knows, by name: reconciled with the map, recorded into, read by pages and
// metrics. Any thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/mutex.h"
#include "derpprobe/schedule/probe_record.h"

namespace derp::probe {

class ProbeTable {
 public:
  // Makes the table hold exactly `wanted`. A probe whose spec is unchanged keeps its record; the
  // names that were added and removed are returned (a changed one is in both).
  struct Changes {
    std::vector<std::string> added;
    std::vector<std::string> removed;
  };
  Changes Reconcile(const std::vector<ProbeSpec>& wanted);

  // Of a name that is not (or no longer) there: ignored.
  void Begin(std::string_view name, WallTime now);
  void End(std::string_view name, WallTime now, const ProbeOutcome& outcome);

  void Healthy(std::string_view name, WallTime now);  // a continuous probe's run goes well
  void Abandon(std::string_view name);                // a run that ends without a result

  std::optional<ProbeInfo> Info(std::string_view name) const;
  std::vector<ProbeInfo> All() const;  // sorted by name
  // Name and class of each probe whose name begins like that.
  struct Listed {
    std::string name;
    std::string probe_class;
  };
  std::vector<Listed> Under(std::string_view prefix) const;
  void Collect(std::vector<metrics::Family>& families) const;

 private:
  mutable Mutex mutex_;
  std::map<std::string, ProbeRecord, std::less<>> records_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::probe
