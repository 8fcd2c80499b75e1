// The rules that turn measurements into findings and verdicts (findings.md 1, 2, 4). Pure: no I/O,
// no clock. What one node cannot know of itself is decided here: the prober's own troubles, faults
// that both families share, and the mesh.
#pragma once

#include <string>
#include <vector>

#include "common/diagnosis/report.h"
#include "common/diagnosis/trust/prober_state.h"

namespace derp::diagnosis {

inline constexpr std::string_view kNoIpv4Reason = "prober has no IPv4";
inline constexpr std::string_view kNoIpv6Reason = "prober has no IPv6";
inline constexpr std::string_view kUdpBlockedReason = "prober's UDP is blocked";
inline constexpr std::string_view kNotAskedReason = "not asked for";
inline constexpr std::string_view kOfflineReason = "prober is offline";
inline constexpr std::string_view kInterceptedReason = "prober's TLS is intercepted";
inline constexpr std::string_view kCaptiveReason = "prober is behind a captive portal";
// A clock is right when it differs by no more.
inline constexpr Duration kClockTolerance = std::chrono::minutes(2);
// Data of cert.expired and cert.not_yet_valid: the relay's own time would not give it, and the walk
// went on.
inline constexpr std::string_view kExcusable = "valid_at_relay_time";

// What was asked of pairs of nodes beside the mesh, and what is good enough.
struct PairsAsked {
  bool bandwidth = false;
  bool queue = false;
  std::int64_t bw_min = 0;  // bits per second, 0: not judged
  Duration qd_max{};        // of the 99th percentile, 0: not judged

  bool operator==(const PairsAsked&) const = default;
};

struct Measurement {
  std::vector<NodeReport> nodes;  // in the map's order, as walked
  std::vector<MeshReport> meshes;
  std::vector<TransferReport> transfers;  // when bandwidth was asked for
  std::vector<QueueReport> queues;        // when queuing delay was asked for
  std::vector<Finding> map_findings;      // map.* of the linter, those of nodes included
  ProberState prober;
  PairsAsked pairs{};
  bool mesh_asked = true;  // false: mesh stages are "not asked for"
};

RunReport Judge(Measurement measured);

// The steps of Judge(), each with its file; in the order in which they run.
void MergeFamilies(NodeReport& node);      // rule 1: one finding for both families
void JudgeClosedPorts(RunReport& report);  // rule 1: port 80 of a dead host
// Rule 2, node.unreachable, tcp.refused; calls the four below.
void JudgeProber(RunReport& report, const ProberState& prober);
void JudgeClock(RunReport& report);         // prober.clock, and what it excuses
void JudgeInterception(RunReport& report);  // prober.tls_intercepted
void JudgeCaptivePortal(RunReport& report);
void JudgeMachine(RunReport& report, const ProberState& prober);  // prober.proxy, .descriptors
void JudgeMesh(RunReport& report, bool asked);                    // rule 9
void JudgePairs(RunReport& report, const PairsAsked& asked);      // bandwidth and queue
void JudgeVerdicts(RunReport& report);                            // section 1, section 4

// The stage that kept packets from passing this relay, as far as its walk tells; none: they pass,
// or were not asked for.
std::optional<Stage> StoppedAt(const NodeReport& node);
// Why the relay was not tested although it was asked for: admission is closed, the prober's own
// troubles.
std::optional<std::string> UntestedReason(const NodeReport& node);

}  // namespace derp::diagnosis
