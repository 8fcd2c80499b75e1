#include "tests/bench/load/histogram.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

namespace derp::load {
namespace {

TEST_CASE("an empty histogram says zero everywhere", "[load][histogram]") {
  const Histogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.min() == 0);
  CHECK(histogram.max() == 0);
  CHECK(histogram.Mean() == 0);
  CHECK(histogram.Percentile(0.99) == 0);
}

TEST_CASE("buckets follow each other without a hole", "[load][histogram]") {
  for (std::size_t index = 1; index < 37 * 64; ++index) {
    CAPTURE(index);
    const std::uint64_t first = Histogram::GreatestOf(index - 1) + 1;
    REQUIRE(Histogram::IndexOf(first) == index);
    REQUIRE(Histogram::IndexOf(Histogram::GreatestOf(index)) == index);
  }
  CHECK(Histogram::GreatestOf(37 * 64 - 1) == Histogram::kGreatest);
}

TEST_CASE("small values are kept exactly", "[load][histogram]") {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.Record(value);
  CHECK(histogram.Percentile(0) == 1);
  CHECK(histogram.Percentile(0.5) == 50);
  CHECK(histogram.Percentile(1) == 100);
  CHECK(histogram.min() == 1);
  CHECK(histogram.Mean() == Approx(50.5));
}

TEST_CASE("a percentile is never below the true one and at most a 64th above",
          "[load][histogram]") {
  Histogram histogram;
  std::vector<std::uint64_t> values;
  std::uint64_t value = 12345;
  for (int i = 0; i < 20'000; ++i) {
    value = value * 6364136223846793005 + 1442695040888963407;
    values.push_back((value >> 33) >> (i % 20));
    histogram.Record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double part : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    CAPTURE(part);
    const auto rank = static_cast<std::size_t>(std::ceil(part * 20'000)) - 1;
    const std::uint64_t exact = values[rank];
    CHECK(histogram.Percentile(part) >= exact);
    CHECK(histogram.Percentile(part) <= exact + exact / 64);
  }
}

TEST_CASE("the highest percentile is the greatest value itself", "[load][histogram]") {
  Histogram histogram;
  histogram.Record(1'000'003);
  CHECK(histogram.Percentile(0.5) == 1'000'003);
  CHECK(histogram.Percentile(1) == 1'000'003);
}

TEST_CASE("what is beyond the range counts as its end", "[load][histogram]") {
  Histogram histogram;
  histogram.Record(std::uint64_t{1} << 60);
  CHECK(histogram.max() == Histogram::kGreatest);
  CHECK(histogram.Percentile(1) == Histogram::kGreatest);
}

TEST_CASE("merged histograms say what one of all values says", "[load][histogram]") {
  Histogram odd;
  Histogram even;
  Histogram all;
  for (std::uint64_t value = 1; value < 100'000; value += 7) {
    (value % 2 == 0 ? even : odd).Record(value);
    all.Record(value);
  }
  odd.Merge(even);
  CHECK(odd.count() == all.count());
  CHECK(odd.min() == all.min());
  CHECK(odd.max() == all.max());
  CHECK(odd.Mean() == Approx(all.Mean()));
  for (const double part : {0.1, 0.5, 0.99}) CHECK(odd.Percentile(part) == all.Percentile(part));
}

TEST_CASE("merging an empty histogram changes nothing", "[load][histogram]") {
  Histogram histogram;
  histogram.Record(17);
  histogram.Merge(Histogram());
  CHECK(histogram.min() == 17);
  CHECK(histogram.max() == 17);
  CHECK(histogram.count() == 1);
}

}  // namespace
}  // namespace derp::load
