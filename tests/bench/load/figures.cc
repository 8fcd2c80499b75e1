#include "tests/bench/load/figures.h"

namespace derp::load {

void TrafficFigures::Merge(const TrafficFigures& other) {
  sent += other.sent;
  received += other.received;
  duplicated += other.duplicated;
  reordered += other.reordered;
  corrupted += other.corrupted;
  wrong_source += other.wrong_source;
  not_sent += other.not_sent;
  rate_limited += other.rate_limited;
  window_resets += other.window_resets;
  broken += other.broken;
  if (first_break.empty()) first_break = other.first_break;
  measured_sent += other.measured_sent;
  measured_received += other.measured_received;
  delivered += other.delivered;
  delivered_bytes += other.delivered_bytes;
  dead_flows += other.dead_flows;
  per_flow.insert(per_flow.end(), other.per_flow.begin(), other.per_flow.end());
  latency.Merge(other.latency);
  lateness.Merge(other.lateness);
  slow_sent += other.slow_sent;
  slow_received += other.slow_received;
  slow_broken += other.slow_broken;
}

}  // namespace derp::load
