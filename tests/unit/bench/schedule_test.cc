#include "tests/bench/load/schedule.h"

#include <catch2/catch.hpp>

namespace derp::load {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr TimePoint kStart{seconds(1000)};

TEST_CASE("packets are due at even distances from the start", "[load][schedule]") {
  const Schedule schedule(20'000, kStart);
  CHECK(schedule.At(0) == kStart);
  CHECK(schedule.At(1) == kStart + microseconds(50));
  CHECK(schedule.At(20'000) == kStart + seconds(1));
}

TEST_CASE("the distances do not drift in an hour of an odd rate", "[load][schedule]") {
  const Schedule schedule(33'333, kStart);
  const auto off = schedule.At(33'333ULL * 3600) - (kStart + seconds(3600));
  CHECK(off >= nanoseconds(-2));
  CHECK(off <= nanoseconds(2));
}

TEST_CASE("nothing is due before its time", "[load][schedule]") {
  Schedule schedule(1000, kStart);
  CHECK_FALSE(schedule.Take(kStart - nanoseconds(1)));
  CHECK(schedule.Take(kStart) == kStart);
  CHECK_FALSE(schedule.Take(kStart + microseconds(999)));
  CHECK(schedule.Next() == kStart + milliseconds(1));
  CHECK(schedule.Take(kStart + milliseconds(1)) == kStart + milliseconds(1));
}

TEST_CASE("after a stall every packet is given with the time it was due", "[load][schedule]") {
  Schedule schedule(1000, kStart);
  const TimePoint late = kStart + seconds(2);
  for (std::uint64_t packet = 0; packet <= 2000; ++packet) {
    const auto due = schedule.Take(late);
    REQUIRE(due);
    REQUIRE(*due == schedule.At(packet));
  }
  CHECK_FALSE(schedule.Take(late));
  CHECK(schedule.taken() == 2001);
}

TEST_CASE("the due time of any packet is enough to get it", "[load][schedule]") {
  const double rate = GENERATE(7.0, 333.3, 99'999.0, 1e6);
  CAPTURE(rate);
  Schedule schedule(rate, kStart);
  for (int i = 0; i < 10'000; ++i) REQUIRE(schedule.Take(schedule.Next()));
}

}  // namespace
}  // namespace derp::load
