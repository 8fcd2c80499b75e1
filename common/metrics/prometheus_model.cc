#include "common/metrics/prometheus_model.h"

namespace derp::metrics {
namespace {

prometheus::MetricType TypeOf(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return prometheus::MetricType::Counter;
    case Kind::kGauge:
      return prometheus::MetricType::Gauge;
    case Kind::kUntyped:
      return prometheus::MetricType::Untyped;
    case Kind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric::Histogram HistogramOf(const HistogramValue& value) {
  prometheus::ClientMetric::Histogram out;
  out.sample_count = value.count;
  out.sample_sum = value.sum;
  for (const auto& [bound, count] : value.buckets) {
    out.bucket.push_back({.cumulative_count = count, .upper_bound = bound});
  }
  return out;
}

}  // namespace

prometheus::MetricFamily ToModel(const Family& family) {
  prometheus::MetricFamily out;
  out.name = family.name;
  out.help = family.help;
  out.type = TypeOf(family.kind);
  for (const Sample& sample : family.samples) {
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
    switch (family.kind) {
      case Kind::kCounter:
        metric.counter.value = sample.value;
        break;
      case Kind::kGauge:
        metric.gauge.value = sample.value;
        break;
      case Kind::kUntyped:
        metric.untyped.value = sample.value;
        break;
      case Kind::kHistogram:
        metric.histogram = HistogramOf(sample.histogram);
        break;
    }
    out.metric.push_back(std::move(metric));
  }
  return out;
}

}  // namespace derp::metrics
