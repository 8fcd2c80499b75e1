#include "common/base/token_bucket.h"

#include <limits>

#include <catch2/catch.hpp>

using namespace derp;

TEST_CASE("a bucket starts full and refills continuously", "[base]") {
  TimePoint now{};
  TokenBucket bucket(1000, 65568, now);
  CHECK(bucket.Borrow(65568, now) == Duration::zero());
  CHECK(bucket.Borrow(1000, now) == std::chrono::seconds(1));
  now += std::chrono::seconds(1);
  CHECK_FALSE(bucket.Take(1, now));
  now += std::chrono::milliseconds(500);
  CHECK(bucket.Take(499, now));
}

TEST_CASE("an infinite rate always passes", "[base]") {
  TokenBucket bucket(std::numeric_limits<double>::infinity(), 0, TimePoint{});
  CHECK(bucket.Take(1e9, TimePoint{}));
}
