// The reference's probe classes (derpprobe.md 5) as views over the staged check: names, labels and
// results. One measurement, two names; nothing is measured here.
#pragma once

#include <string>
#include <vector>

#include "common/derpmap/model.h"
#include "common/diagnosis/report.h"
#include "derpprobe/classes/probe_spec.h"

namespace derp::probe {

// How often each class runs; zero or less switches it off.
struct ClassIntervals {
  Duration map = std::chrono::seconds(15);
  Duration tls = std::chrono::seconds(15);
  Duration stun = std::chrono::seconds(15);
  Duration mesh = std::chrono::seconds(15);
  Duration bandwidth{};
  std::int64_t bandwidth_size = 0;  // bytes; zero or less switches bandwidth off as well
  bool bandwidth_over_tun = false;
  std::int64_t queue_per_second = 0;  // packets of queuing delay, which is continuous

  bool asks_bandwidth() const { return bandwidth > Duration::zero() && bandwidth_size > 0; }
  bool asks_queue() const { return queue_per_second > 0; }
};

inline constexpr std::string_view kMapProbe = "derpmap-probe";
inline constexpr std::string_view kBandwidthClass = "derp_bw";
inline constexpr std::string_view kQueueClass = "derp_qd";

// "derp/nyc/1a/1b/bw", "…/qd".
std::string PairProbeName(std::string_view region, std::string_view from, std::string_view to,
                          std::string_view rest);

ProbeSpec MapProbeSpec(Duration interval);

// The probes of a map, in its order, the map's own probe not among them. A STUN-only node has udp
// probes only; a family that the map switches off has none.
std::vector<ProbeSpec> ProbesOf(const derpmap::DerpMap& map, const ClassIntervals& intervals);

struct ViewResult {
  std::string name;
  ProbeOutcome outcome;
};

// What a judged round says of its probes. A view whose stages were skipped (prober's own troubles,
// not asked for) has no result. Order: the report's nodes, then its meshes, bandwidths and queues.
// The latency of queuing delay is its median.
std::vector<ViewResult> ViewsOf(const diagnosis::RunReport& report);

// The views of one node, pairs with other nodes not among them; also before the round is judged.
std::vector<ViewResult> NodeViews(const diagnosis::NodeReport& node);

// "cert.expired: not after …": what a failed view says of a finding.
std::string FindingText(const diagnosis::Finding& finding);

// Errors that stand on the map itself, joined with "; "; empty when there are none. They fail the
// map's own probe.
std::string MapErrors(const diagnosis::RunReport& report);

// Errors of the prober's own, one text each; when nodes could not be judged for another reason, a
// text says so. Every text is a "bad: prober: …" line (findings.md 4).
std::vector<std::string> ProberErrors(const diagnosis::RunReport& report);

}  // namespace derp::probe
