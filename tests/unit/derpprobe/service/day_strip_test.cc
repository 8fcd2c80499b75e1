#include "derpprobe/service/page/day_strip.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::probe;
using diagnosis::Verdict;

namespace {

constexpr std::int64_t kNewest = 2'000'000;
const WallTime kNow = FromUnixSeconds(kNewest * 900 + 1);

PastBucket Quarter(std::int64_t age, Verdict verdict) {
  PastBucket bucket;
  bucket.number = kNewest - age;
  bucket.worst = verdict;
  return bucket;
}

}  // namespace

TEST_CASE("quarters of the past take their places, what is older than a day none", "[service]") {
  Past past;
  past.day = {Quarter(96, Verdict::kUnusable), Quarter(95, Verdict::kImpaired),
              Quarter(1, Verdict::kUnknown), Quarter(0, Verdict::kUsable)};
  const DayVerdicts day = VerdictsOf(past, kNow);
  CHECK(day[0] == Verdict::kImpaired);
  CHECK_FALSE(day[94].has_value());
  CHECK(day[95] == Verdict::kUsable);
}

TEST_CASE("a strip merges equal quarters and says its counts in words", "[service]") {
  DayVerdicts day{};
  for (std::size_t i = 10; i < 96; ++i) day[i] = Verdict::kUsable;
  day[50] = Verdict::kUnusable;
  CHECK(
      DayStrip(day) ==
      R"(<svg class="strip" viewBox="0 0 96 20" preserveAspectRatio="none" role="img" )"
      R"(aria-label="last 24 hours: 85 of 96 quarter hours ok, 0 impaired, 1 unusable, 10 without data">)"
      R"(<path class="s1" d="M10 16h40m1 0h45"/><path class="s3" d="M50 10h1"/>)"
      R"(<path class="s0" d="M0 1h10v18h-10z"/></svg>)");
}
