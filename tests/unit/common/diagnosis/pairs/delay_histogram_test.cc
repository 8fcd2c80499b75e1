#include "common/diagnosis/pairs/delay_histogram.h"

#include <catch2/catch.hpp>

using namespace derp::diagnosis;

TEST_CASE("an observation counts in every bucket at or above it", "[pairs]") {
  DelayHistogram histogram({1, 2});
  for (const double seconds : {0.5, 1.0, 1.5, 2.0, 2.5}) histogram.Observe(seconds);
  CHECK(histogram.count() == 5);
  CHECK(histogram.sum() == Approx(7.5));
  using Bucket = std::pair<double, std::uint64_t>;
  CHECK(histogram.buckets() == std::vector<Bucket>{{1, 2}, {2, 4}});
}

TEST_CASE("all eight buckets are there from the start", "[pairs]") {
  const DelayHistogram histogram;
  std::vector<double> bounds;
  for (const auto& [bound, count] : histogram.buckets()) {
    bounds.push_back(bound);
    CHECK(count == 0);
  }
  CHECK(bounds == std::vector<double>{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1});
}
