#include "derpprobe/service/verdict_strip.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace derp;
using diagnosis::Verdict;
using probe::VerdictStrip;

TEST_CASE("the worst verdict of a quarter hour stays", "[service]") {
  test::FakeClock clock(FromUnixSeconds(1'795'000'500));
  VerdictStrip strip;
  for (const auto verdict : {Verdict::kUsable, Verdict::kUnusable, Verdict::kImpaired}) {
    strip.Record(clock.WallNow(), verdict);
  }
  CHECK(strip.Buckets(clock.WallNow()).back() == Verdict::kUnusable);
  clock.Advance(VerdictStrip::kBucketWidth);
  strip.Record(clock.WallNow(), Verdict::kUsable);
  const auto buckets = strip.Buckets(clock.WallNow());
  CHECK(buckets[95] == Verdict::kUsable);
  CHECK(buckets[94] == Verdict::kUnusable);
  CHECK_FALSE(buckets[93].has_value());
}

TEST_CASE("a pause of the prober is a gap, never ok", "[service]") {
  test::FakeClock clock;
  VerdictStrip strip;
  strip.Record(clock.WallNow(), Verdict::kUsable);
  clock.Advance(VerdictStrip::kBucketWidth * 3);
  CHECK_FALSE(strip.Buckets(clock.WallNow())[95].has_value());
  strip.Record(clock.WallNow(), Verdict::kUsable);
  const auto buckets = strip.Buckets(clock.WallNow());
  CHECK(buckets[92].has_value());
  CHECK_FALSE(buckets[93].has_value());
  CHECK_FALSE(buckets[94].has_value());
  CHECK(buckets[95].has_value());
}

TEST_CASE("what is older than a day is forgotten", "[service]") {
  test::FakeClock clock;
  VerdictStrip strip;
  strip.Record(clock.WallNow(), Verdict::kUnusable);
  clock.Advance(std::chrono::hours(25));
  for (const auto& bucket : strip.Buckets(clock.WallNow())) CHECK_FALSE(bucket.has_value());
  strip.Record(clock.WallNow(), Verdict::kUsable);
  const auto buckets = strip.Buckets(clock.WallNow());
  CHECK(std::count(buckets.begin(), buckets.end(), std::nullopt) == 95);
}

TEST_CASE("an unknown verdict is no data", "[service]") {
  test::FakeClock clock;
  VerdictStrip strip;
  strip.Record(clock.WallNow(), Verdict::kUnknown);
  CHECK_FALSE(strip.Buckets(clock.WallNow()).back().has_value());
}
