// What adds up over the walks of the service: how long STUN requests and packets through relays
// took, and what was lost. Nodes that left the map are forgotten. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/derpmap/model.h"
#include "common/diagnosis/report.h"
#include "common/metrics/registry.h"

namespace derp::probe {

class WalkTotals {
 public:
  // One walk as measured, before it takes over anything from the one before.
  void Record(const diagnosis::NodeReport& walk);

  // Forgets the nodes that `map` does not name.
  void Keep(const derpmap::DerpMap& map);

  // derpprobe_stun_rtt_seconds, derpprobe_stun_lost_total, derpprobe_relay_rtt_seconds.
  void Collect(std::vector<metrics::Family>& families) const;

 private:
  static constexpr std::array<double, 12> kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                     0.1,   0.25,   0.5,   1,    2.5,   5};
  struct Times {
    std::array<std::uint32_t, kBounds.size()> counts{};  // per bucket, not cumulative
    std::uint64_t count = 0;
    double sum = 0;
    void Add(Duration time);
    metrics::HistogramValue Value() const;
  };
  struct Family {  // of addresses
    bool asked = false;
    Times rtt;
    std::uint64_t lost = 0;
  };
  struct Node {
    std::string region;
    std::array<Family, 2> stun;  // IPv4, IPv6
    Times relay;
  };

  mutable Mutex mutex_;
  std::map<std::pair<std::int64_t, std::string>, Node> nodes_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::probe
