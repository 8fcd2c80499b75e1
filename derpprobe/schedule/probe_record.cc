#include "derpprobe/schedule/probe_record.h"

#include <algorithm>

namespace derp::probe {
namespace {

constexpr std::size_t kRemembered = 10;  // As the reference's rings (prober/prober.go).

template <typename T>
void Push(std::deque<T>& ring, T value) {
  ring.push_back(value);
  if (ring.size() > kRemembered) ring.pop_front();
}

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// Families are created once, in this order, by whoever comes first.
metrics::Family& Find(std::vector<metrics::Family>& families, std::string_view name,
                      metrics::Kind kind, std::string_view help) {
  for (metrics::Family& family : families) {
    if (family.name == name) return family;
  }
  families.push_back({std::string(name), kind, std::string(help), {}});
  return families.back();
}

}  // namespace

std::string_view ProbeStatusName(ProbeStatus status) {
  switch (status) {
    case ProbeStatus::kUnknown:
      return "unknown";
    case ProbeStatus::kRunning:
      return "running";
    case ProbeStatus::kSucceeded:
      return "succeeded";
    case ProbeStatus::kFailed:
      return "failed";
  }
  return "unknown";
}

double ProbeInfo::SuccessRatio() const {
  if (recent_results.empty()) return 0;
  const auto good = std::count(recent_results.begin(), recent_results.end(), true);
  return static_cast<double>(good) / static_cast<double>(recent_results.size());
}

Duration ProbeInfo::MedianLatency() const {
  if (recent_latencies.empty()) return Duration::zero();
  std::vector<Duration> sorted = recent_latencies;
  std::sort(sorted.begin(), sorted.end());
  return sorted[sorted.size() / 2];
}

void ProbeRecord::Begin(WallTime now) {
  ++in_flight_;
  start_ = now;
}

void ProbeRecord::End(WallTime now, const ProbeOutcome& outcome) {
  if (in_flight_ > 0) --in_flight_;  // A replaced probe may see the end of its predecessor's run.
  end_ = now;
  succeeded_ = outcome.ok;
  latency_ = outcome.ok ? outcome.latency : Duration::zero();
  last_error_ = outcome.error;
  Push(results_, outcome.ok);
  if (outcome.ok) {
    ++attempts_ok_;
    time_ok_ += outcome.latency;
    consecutive_failures_ = 0;
    last_success_ = now;
    Push(latencies_, outcome.latency);
  } else {
    ++attempts_fail_;
    time_fail_ += outcome.latency;
    ++consecutive_failures_;
  }
}

void ProbeRecord::Healthy(WallTime now) {
  succeeded_ = true;
  last_error_.clear();
  consecutive_failures_ = 0;
  last_success_ = now;
}

void ProbeRecord::Abandon() {
  if (in_flight_ > 0) --in_flight_;
}

ProbeInfo ProbeRecord::Info() const {
  ProbeInfo info;
  info.spec = spec_;
  info.start = start_;
  info.end = end_;
  info.latency = latency_;
  info.error = last_error_;
  info.recent_results.assign(results_.begin(), results_.end());
  info.recent_latencies.assign(latencies_.begin(), latencies_.end());
  if (in_flight_ > 0) {
    info.status = ProbeStatus::kRunning;
  } else if (!end_) {
    info.status = ProbeStatus::kUnknown;
  } else {
    info.status = succeeded_ ? ProbeStatus::kSucceeded : ProbeStatus::kFailed;
  }
  return info;
}

metrics::Labels ProbeRecord::AllLabels() const {
  metrics::Labels labels = spec_.labels;
  labels.emplace_back("class", spec_.probe_class);
  labels.emplace_back("name", spec_.name);
  std::sort(labels.begin(), labels.end());
  return labels;
}

void ProbeRecord::AddSamples(std::vector<metrics::Family>& families) const {
  using metrics::Kind;
  const metrics::Labels labels = AllLabels();
  const auto add = [&](std::string_view name, Kind kind, std::string_view help, double value) {
    Find(families, name, kind, help).samples.push_back({labels, value, {}});
  };
  const auto add_by_status = [&](std::string_view name, std::string_view help, double fail,
                                 double ok) {
    metrics::Family& family = Find(families, name, Kind::kCounter, help);
    for (const auto& [status, value] : {std::pair("fail", fail), std::pair("ok", ok)}) {
      metrics::Labels with_status = labels;
      with_status.emplace_back("status", status);
      std::sort(with_status.begin(), with_status.end());
      family.samples.push_back({std::move(with_status), value, {}});
    }
  };
  add("derpprobe_interval_secs", Kind::kGauge, "Seconds between two runs of the probe.",
      Seconds(spec_.interval));
  add("derpprobe_in_flight", Kind::kGauge, "Runs of the probe under way.", in_flight_);
  if (start_) {
    add("derpprobe_start_secs", Kind::kGauge, "Unix time of the last start.",
        static_cast<double>(UnixSeconds(*start_)));
  }
  if (!end_ && !spec_.is_continuous()) return;
  // A continuous probe ends only by failing: its result is how the run under way goes.
  add("derpprobe_result", Kind::kGauge,
      "1 if the last completed run succeeded (a continuous one goes well), else 0.",
      succeeded_ ? 1 : 0);
  if (last_success_) {
    add("derpprobe_last_success_secs", Kind::kGauge, "Unix time of the last success.",
        static_cast<double>(UnixSeconds(*last_success_)));
  }
  if (!end_) return;
  add("derpprobe_end_secs", Kind::kGauge, "Unix time of the last end.",
      static_cast<double>(UnixSeconds(*end_)));
  if (latency_ > Duration::zero()) {
    add("derpprobe_latency_millis", Kind::kGauge,
        "Whole milliseconds of the last run, absent after a failure.",
        static_cast<double>(
            std::chrono::duration_cast<std::chrono::milliseconds>(latency_).count()));
  }
  add_by_status("derpprobe_attempts_total", "Completed runs.", static_cast<double>(attempts_fail_),
                static_cast<double>(attempts_ok_));
  add_by_status("derpprobe_seconds_total", "Time spent in completed runs.", Seconds(time_fail_),
                Seconds(time_ok_));
  add("derpprobe_consecutive_failures", Kind::kGauge, "Failures since the last success.",
      static_cast<double>(consecutive_failures_));
}

}  // namespace derp::probe
