#include "derpprobe/service/walk_totals.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace derp::probe {

void WalkTotals::Times::Add(Duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  if (bound != kBounds.end()) ++counts[static_cast<std::size_t>(bound - kBounds.begin())];
  ++count;
  sum += seconds;
}

metrics::HistogramValue WalkTotals::Times::Value() const {
  metrics::HistogramValue value;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    below += counts[i];
    value.buckets.emplace_back(kBounds[i], below);
  }
  value.count = count;
  value.sum = sum;
  return value;
}

void WalkTotals::Record(const diagnosis::NodeReport& walk) {
  const MutexLock lock(mutex_);
  Node& node = nodes_[{walk.region_id, walk.node}];
  node.region = walk.region;
  for (const diagnosis::FamilyTarget& target : walk.targets) {
    if (target.stun_sent == 0) continue;
    Family& family = node.stun[static_cast<std::size_t>(target.family)];
    family.asked = true;
    for (const Duration rtt : target.stun_rtts) family.rtt.Add(rtt);
    const auto answered = static_cast<int>(target.stun_rtts.size());
    family.lost += static_cast<std::uint64_t>(std::max(0, target.stun_sent - answered));
  }
  if (walk.relay_rtt) node.relay.Add(*walk.relay_rtt);
}

void WalkTotals::Keep(const derpmap::DerpMap& map) {
  std::set<std::pair<std::int64_t, std::string>> named;
  for (const auto& [id, region] : map.regions) {
    for (const derpmap::Node& node : region.nodes) named.emplace(id, node.name);
  }
  const MutexLock lock(mutex_);
  std::erase_if(nodes_, [&](const auto& entry) { return !named.contains(entry.first); });
}

void WalkTotals::Collect(std::vector<metrics::Family>& families) const {
  using metrics::Kind;
  metrics::Family stun{
      "derpprobe_stun_rtt_seconds", Kind::kHistogram, "Round trips of answered STUN requests.", {}};
  metrics::Family lost{
      "derpprobe_stun_lost_total", Kind::kCounter, "STUN requests without an answer.", {}};
  metrics::Family relay{"derpprobe_relay_rtt_seconds",
                        Kind::kHistogram,
                        "Median round trip through the relay of each walk.",
                        {}};
  const MutexLock lock(mutex_);
  for (const auto& [key, node] : nodes_) {
    const metrics::Labels labels = {
        {"node", key.second}, {"region", node.region}, {"region_id", fmt::format("{}", key.first)}};
    for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
      const Family& totals = node.stun[static_cast<std::size_t>(family)];
      if (!totals.asked) continue;
      metrics::Labels with_family = labels;
      with_family.insert(with_family.begin(), {"family", std::string(FamilyName(family))});
      stun.samples.push_back({with_family, 0, totals.rtt.Value()});
      lost.samples.push_back({with_family, static_cast<double>(totals.lost), {}});
    }
    if (node.relay.count > 0) relay.samples.push_back({labels, 0, node.relay.Value()});
  }
  for (metrics::Family* family : {&stun, &lost, &relay}) {
    if (!family->samples.empty()) families.push_back(std::move(*family));
  }
}

}  // namespace derp::probe
