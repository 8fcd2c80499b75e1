#include "stunc/series.h"

#include <catch2/catch.hpp>

#include "stunc/words.h"

namespace derp::stunc {
namespace {

using namespace std::chrono_literals;

const SocketAddress kHere{IpAddress::V4({203, 0, 113, 7}), 1000};
const SocketAddress kThere{IpAddress::V4({203, 0, 113, 7}), 2000};

}  // namespace

TEST_CASE("a series counts loss and orders round trips", "[stunc]") {
  Series series;
  for (const auto ms : {5ms, 1ms, 9ms, 3ms}) series.AddReply(ms, kHere);
  series.AddLoss();
  CHECK(series.sent() == 5);
  CHECK(series.received() == 4);
  CHECK(series.LossPercent() == 20.0);
  const auto trips = series.Summary();
  REQUIRE(trips.has_value());
  CHECK(trips->min == 1ms);
  CHECK(trips->median == 4ms);
  CHECK(trips->average == 4500us);
  CHECK(trips->p90 == 9ms);
  CHECK(trips->max == 9ms);
  CHECK(Milliseconds(trips->deviation) == Approx(2.958).epsilon(0.001));
  CHECK(Milliseconds(trips->jitter) == Approx(6.0).epsilon(0.001));  // 4, 8 and 6 apart
}

TEST_CASE("a series without a reply has no figures", "[stunc]") {
  Series series;
  CHECK(series.LossPercent() == 0);
  series.AddLoss();
  CHECK(series.LossPercent() == 100.0);
  CHECK_FALSE(series.Summary().has_value());
}

TEST_CASE("one reply is its own minimum, median and maximum", "[stunc]") {
  Series series;
  series.AddReply(2ms, kHere);
  const auto trips = series.Summary();
  REQUIRE(trips.has_value());
  CHECK(trips->min == 2ms);
  CHECK(trips->median == 2ms);
  CHECK(trips->p90 == 2ms);
  CHECK(trips->deviation == 0ms);
  CHECK(trips->jitter == 0ms);
}

TEST_CASE("changes of the mapped address are counted", "[stunc]") {
  Series series;
  for (const auto& mapped : {kHere, kHere, kThere, kHere}) series.AddReply(1ms, mapped);
  CHECK(series.mapping_changes() == 2);
}

TEST_CASE("durations read as in reports", "[stunc]") {
  CHECK(RoundTripText(4200us) == "4.2 ms");
  CHECK(RoundTripText(80us) == "0.08 ms");
  CHECK(RoundTripText(1503ms) == "1503.0 ms");
  CHECK(WaitText(3s) == "3 s");
  CHECK(WaitText(3000400us) == "3 s");
  CHECK(WaitText(39500ms) == "39.5 s");
  CHECK(WaitText(300ms) == "300 ms");
}

}  // namespace derp::stunc
