#include "common/metrics/prometheus_text.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

namespace derp::metrics {
namespace {

Sample Row(Labels labels, double value) {
  Sample sample;
  sample.labels = std::move(labels);
  sample.value = value;
  return sample;
}

TEST_CASE("labels keep their order and are escaped", "[metrics][text]") {
  const Family family{.name = "drops",
                      .kind = Kind::kCounter,
                      .help = "back\\slash and\nline \"end\"",
                      .samples = {Row({{"reason", "a\"b\\c\nd"}, {"kind", "disco"}}, 3)}};
  CHECK(WritePrometheusText({family}) ==
        "# HELP drops back\\\\slash and\\nline \"end\"\n"
        "# TYPE drops counter\n"
        "drops{reason=\"a\\\"b\\\\c\\nd\",kind=\"disco\"} 3\n");
}

TEST_CASE("whole numbers stay exact and others are Go's", "[metrics][text]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Family family{
      .name = "n",
      .kind = Kind::kUntyped,
      .help = {},
      .samples = {Row({}, 0), Row({}, 1234567890), Row({}, -5), Row({}, 1.5), Row({}, 1e-7),
                  Row({}, 1e300), Row({}, infinity), Row({}, std::nan(""))}};
  CHECK(WritePrometheusText({family}) ==
        "# TYPE n untyped\n"
        "n 0\nn 1234567890\nn -5\nn 1.5\nn 1e-07\nn 1e+300\nn +Inf\nn NaN\n");
}

TEST_CASE("a histogram ends in +Inf, sum and count", "[metrics][text]") {
  Sample sample;
  sample.labels = {{"node", "a"}};
  sample.histogram = {.buckets = {{0.5, 1}, {10, 2}}, .count = 3, .sum = 27.25};
  const Family family{.name = "h", .kind = Kind::kHistogram, .help = "H.", .samples = {sample}};
  CHECK(WritePrometheusText({family}) ==
        "# HELP h H.\n"
        "# TYPE h histogram\n"
        "h_bucket{node=\"a\",le=\"0.5\"} 1\n"
        "h_bucket{node=\"a\",le=\"10\"} 2\n"
        "h_bucket{node=\"a\",le=\"+Inf\"} 3\n"
        "h_sum{node=\"a\"} 27.25\n"
        "h_count{node=\"a\"} 3\n");
}

TEST_CASE("a family without samples still names its type", "[metrics][text]") {
  const Family family{.name = "g", .kind = Kind::kGauge, .help = {}, .samples = {}};
  CHECK(WritePrometheusText({family}) == "# TYPE g gauge\n");
}

}  // namespace
}  // namespace derp::metrics
