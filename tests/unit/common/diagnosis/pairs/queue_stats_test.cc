#include "common/diagnosis/pairs/queue_stats.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::diagnosis;
using namespace std::chrono_literals;

TEST_CASE("percentiles are values that were measured", "[pairs]") {
  std::vector<Duration> delays;
  for (int i = 1; i <= 200; ++i) delays.push_back(i * 1ms);
  CHECK(Percentile(delays, 0.5) == Duration(100ms));
  CHECK(Percentile(delays, 0.99) == Duration(198ms));
  CHECK(Percentile(delays, 1) == Duration(200ms));
  CHECK(Percentile({7ms}, 0.5) == Duration(7ms));
}

TEST_CASE("reports cover four slices, totals everything", "[pairs]") {
  QueueStats stats;
  for (int i = 1; i <= 6; ++i) {
    stats.Delay(i * 1s);
    stats.Drop(1);
    if (i < 6) stats.NextSlice();
  }
  QueueReport report;
  stats.Describe(report);
  CHECK(report.received == 4);
  CHECK(report.lost == 4);
  CHECK(report.p50 == Duration(4s));
  CHECK(report.most == Duration(6s));
  CHECK(stats.totals().dropped == 6);
  CHECK(stats.totals().delays.count() == 6);
}

TEST_CASE("without packets there are no percentiles", "[pairs]") {
  const QueueStats stats;
  QueueReport report;
  stats.Describe(report);
  CHECK_FALSE(report.p50);
  CHECK_FALSE(report.p99);
}
