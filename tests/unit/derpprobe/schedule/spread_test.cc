#include "derpprobe/schedule/spread.h"

#include <string>

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::probe;

TEST_CASE("a probe keeps its phase on one prober and has another on the next", "[schedule]") {
  const double here = SpreadFraction("fra", "derp/nyc/1a/tls");
  CHECK(here == SpreadFraction("fra", "derp/nyc/1a/tls"));
  CHECK(here != SpreadFraction("sin", "derp/nyc/1a/tls"));
  CHECK(SpreadDelay("fra", "derp/nyc/1a/tls", std::chrono::seconds(15)) < std::chrono::seconds(15));
}

TEST_CASE("phases fill the interval evenly", "[schedule]") {
  int buckets[10] = {};
  for (int i = 0; i < 10'000; ++i) {
    const double fraction = SpreadFraction("host", "derp/r/" + std::to_string(i) + "/tls");
    REQUIRE(fraction >= 0);
    REQUIRE(fraction < 1);
    ++buckets[static_cast<int>(fraction * 10)];
  }
  for (const int count : buckets) CHECK((count > 850 && count < 1150));
}
