// What is remembered of one probe of the reference's kind (derpprobe.md 4.1, 4.6, 4.7): counters,
// the last results, and a snapshot for pages. Not thread-safe: ProbeTable guards it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "derpprobe/classes/probe_spec.h"

namespace derp::probe {

enum class ProbeStatus { kUnknown, kRunning, kSucceeded, kFailed };
std::string_view ProbeStatusName(ProbeStatus status);

// The reference's ProbeInfo.
struct ProbeInfo {
  ProbeSpec spec;
  std::optional<WallTime> start;
  std::optional<WallTime> end;
  Duration latency{};  // of the last run if it succeeded, else zero
  ProbeStatus status = ProbeStatus::kUnknown;
  std::string error;                 // of the last completed run, also while a new one is under way
  std::vector<bool> recent_results;  // oldest first, at most 10
  std::vector<Duration> recent_latencies;  // of successes, oldest first, at most 10

  double SuccessRatio() const;     // 0 without results
  Duration MedianLatency() const;  // the upper median; 0 without successes
};

class ProbeRecord {
 public:
  explicit ProbeRecord(ProbeSpec spec) : spec_(std::move(spec)) {}

  void Begin(WallTime now);
  void End(WallTime now, const ProbeOutcome& outcome);
  void Healthy(WallTime now);  // of a continuous probe: its run goes well
  void Abandon();              // the run gave no result: the prober's own troubles stood in the way

  ProbeInfo Info() const;
  const ProbeSpec& spec() const { return spec_; }
  // Appends this probe's samples to the families of derpprobe.md 6.2 and 12.2.
  void AddSamples(std::vector<metrics::Family>& families) const;

 private:
  metrics::Labels AllLabels() const;

  ProbeSpec spec_;
  int in_flight_ = 0;
  std::optional<WallTime> start_;
  std::optional<WallTime> end_;
  std::optional<WallTime> last_success_;
  Duration latency_{};
  bool succeeded_ = false;
  std::string last_error_;
  std::uint64_t consecutive_failures_ = 0;
  std::uint64_t attempts_ok_ = 0;
  std::uint64_t attempts_fail_ = 0;
  Duration time_ok_{};
  Duration time_fail_{};
  std::deque<bool> results_;
  std::deque<Duration> latencies_;
};

}  // namespace derp::probe
