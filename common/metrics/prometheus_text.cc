#include "common/metrics/prometheus_text.h"

#include <cmath>

#include <fmt/format.h>

#include "common/base/go_number.h"
#include "common/metrics/prometheus_model.h"

namespace derp::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr double kExactWhole = 9007199254740992.0;  // 2^53: each whole number up to here is exact.

std::string Number(double value) {
  if (std::fabs(value) <= kExactWhole && std::trunc(value) == value) {
    return fmt::format("{}", static_cast<std::int64_t>(value));
  }
  return FormatGoFloat(value);
}

std::string_view TypeWord(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Histogram:
      return "histogram";
    case MetricType::Summary:
    case MetricType::Untyped:
      return "untyped";
  }
  return "untyped";
}

void AppendEscaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out.push_back(c);
    }
  }
}

void AppendLabel(std::string& out, std::string_view name, std::string_view value) {
  out.push_back(out.empty() ? '{' : ',');
  out += name;
  out += "=\"";
  AppendEscaped(out, value, true);
  out.push_back('"');
}

// "{a="b",…" without its end, empty without labels.
std::string OpenLabels(const ClientMetric& metric) {
  std::string out;
  for (const ClientMetric::Label& label : metric.label) AppendLabel(out, label.name, label.value);
  return out;
}

void AppendLine(std::string& out, std::string_view name, std::string_view suffix,
                const std::string& open_labels, const std::string& value) {
  out += name;
  out += suffix;
  out += open_labels;
  if (!open_labels.empty()) out.push_back('}');
  out.push_back(' ');
  out += value;
  out.push_back('\n');
}

void AppendHistogram(std::string& out, const std::string& name, const ClientMetric& metric) {
  const std::string labels = OpenLabels(metric);
  const auto bucket = [&](const std::string& bound, std::uint64_t count) {
    std::string with_bound = labels;
    AppendLabel(with_bound, "le", bound);
    AppendLine(out, name, "_bucket", with_bound, fmt::format("{}", count));
  };
  for (const ClientMetric::Bucket& entry : metric.histogram.bucket) {
    bucket(Number(entry.upper_bound), entry.cumulative_count);
  }
  bucket("+Inf", metric.histogram.sample_count);
  AppendLine(out, name, "_sum", labels, Number(metric.histogram.sample_sum));
  AppendLine(out, name, "_count", labels, fmt::format("{}", metric.histogram.sample_count));
}

double PlainValue(MetricType type, const ClientMetric& metric) {
  if (type == MetricType::Counter) return metric.counter.value;
  return type == MetricType::Gauge ? metric.gauge.value : metric.untyped.value;
}

void AppendFamily(std::string& out, const MetricFamily& family) {
  if (!family.help.empty()) {
    out += "# HELP " + family.name + " ";
    AppendEscaped(out, family.help, false);
    out.push_back('\n');
  }
  out += fmt::format("# TYPE {} {}\n", family.name, TypeWord(family.type));
  for (const ClientMetric& metric : family.metric) {
    if (family.type == MetricType::Histogram) {
      AppendHistogram(out, family.name, metric);
    } else {
      AppendLine(out, family.name, "", OpenLabels(metric), Number(PlainValue(family.type, metric)));
    }
  }
}

}  // namespace

std::string WritePrometheusText(const std::vector<Family>& families) {
  std::string out;
  for (const Family& family : families) AppendFamily(out, ToModel(family));
  return out;
}

}  // namespace derp::metrics
