// Puts the workers' counters into metric families.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/metrics/registry.h"
#include "derper/relay/worker.h"

namespace derp::relay {

// Sums over the workers and appends families. For one scrape, in its thread.
class MetricsWriter {
 public:
  MetricsWriter(const RelayState& state, std::vector<metrics::Family>& out)
      : state_(state), out_(out) {}

  void Value(std::string_view name, metrics::Kind kind, double value) {
    out_.push_back({.name = std::string(name), .kind = kind, .help = "", .samples = {}});
    out_.back().samples.push_back({.labels = {}, .value = value, .histogram = {}});
  }
  void Sum(std::string_view name, Counter WorkerCounters::* field) {
    Value(name, metrics::Kind::kCounter,
          Total([&](const WorkerCounters& c) { return (c.*field).value(); }));
  }
  void Sum(std::string_view name, Gauge WorkerCounters::* field) {
    Value(name, metrics::Kind::kGauge,
          Total([&](const WorkerCounters& c) { return (c.*field).value(); }));
  }
  metrics::Family& Begin(std::string_view name, metrics::Kind kind, std::string_view help = "") {
    out_.push_back(
        {.name = std::string(name), .kind = kind, .help = std::string(help), .samples = {}});
    return out_.back();
  }
  template <typename Field>
  double Total(const Field& field) const {
    double total = 0;
    for (const auto& worker : state_.workers) {
      total += static_cast<double>(field(worker->shown_counters()));
    }
    return total;
  }
  template <std::size_t N>
  void SumHistogram(std::string_view name, Histogram<N> WorkerCounters::* field) {
    metrics::Sample sample;
    metrics::HistogramValue& value = sample.histogram;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i <= N; ++i) {
      for (const auto& worker : state_.workers) {
        count += (worker->shown_counters().*field).count(i);
      }
      if (i < N) {
        const auto& bounds = (state_.workers.front()->shown_counters().*field).bounds();
        value.buckets.emplace_back(bounds[i], count);
      }
    }
    value.count = count;
    value.sum = Total([&](const WorkerCounters& c) { return (c.*field).sum(); });
    Begin(name, metrics::Kind::kHistogram).samples.push_back(std::move(sample));
  }

 private:
  const RelayState& state_;
  std::vector<metrics::Family>& out_;
};

}  // namespace derp::relay
