#include "derper/admission/answer_cache.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace derp;
using namespace derp::admission;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Verdict kAdmitted{.outcome = Outcome::kAdmit, .reason = Reason::kKnown};
const Verdict kRefused{.outcome = Outcome::kRefuse, .reason = Reason::kNotFound};

CacheKey About(std::uint32_t number, std::size_t method = 0) {
  std::array<std::uint8_t, kKeySize> raw{};
  for (std::size_t i = 0; i < 4; ++i) raw[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return {.method = method, .key = NodePublic(raw), .source = IpAddress::V4({192, 0, 2, 1})};
}

}  // namespace

TEST_CASE("an admission holds ten seconds, a refusal one", "[admission]") {
  test::FakeClock clock;
  AnswerCache cache;
  cache.Put(About(1), kAdmitted, clock.Now());
  cache.Put(About(2), kRefused, clock.Now());
  clock.Advance(milliseconds(999));
  CHECK(cache.Find(About(1), clock.Now())->outcome == Outcome::kAdmit);
  CHECK(cache.Find(About(2), clock.Now())->outcome == Outcome::kRefuse);
  clock.Advance(milliseconds(1));
  CHECK(cache.Find(About(1), clock.Now()).has_value());
  CHECK_FALSE(cache.Find(About(2), clock.Now()).has_value());
  clock.Advance(milliseconds(8999));
  CHECK(cache.Find(About(1), clock.Now()).has_value());
  clock.Advance(milliseconds(1));
  CHECK_FALSE(cache.Find(About(1), clock.Now()).has_value());
}

TEST_CASE("an answer holds for its method, key and address only", "[admission]") {
  test::FakeClock clock;
  AnswerCache cache;
  cache.Put(About(1), kAdmitted, clock.Now());
  CacheKey elsewhere = About(1);
  elsewhere.source = IpAddress::V4({192, 0, 2, 2});
  CHECK_FALSE(cache.Find(elsewhere, clock.Now()).has_value());
  CHECK_FALSE(cache.Find(About(1, 1), clock.Now()).has_value());
  CHECK_FALSE(cache.Find(About(2), clock.Now()).has_value());
}

TEST_CASE("an abstention and a want of room are not remembered", "[admission]") {
  test::FakeClock clock;
  AnswerCache cache;
  cache.Put(About(1), {.outcome = Outcome::kAbstain, .reason = Reason::kUnreachable}, clock.Now());
  cache.Put(About(2), {.outcome = Outcome::kRefuse, .reason = Reason::kBusy}, clock.Now());
  CHECK(cache.size() == 0);
}

TEST_CASE("a newer answer counts, and ends at its own time", "[admission]") {
  test::FakeClock clock;
  AnswerCache cache;
  cache.Put(About(1), kRefused, clock.Now());
  clock.Advance(milliseconds(500));
  cache.Put(About(1), kAdmitted, clock.Now());
  clock.Advance(seconds(9));
  cache.Put(About(2), kRefused, clock.Now());  // forgets what has ended
  CHECK(cache.Find(About(1), clock.Now())->outcome == Outcome::kAdmit);
  CHECK(cache.size() == 2);
  clock.Advance(seconds(2));
  cache.Put(About(3), kRefused, clock.Now());
  CHECK(cache.size() == 1);
}

TEST_CASE("ten thousand answers are kept, and refusals make room first", "[admission]") {
  test::FakeClock clock;
  AnswerCache cache;
  constexpr auto kMax = static_cast<std::uint32_t>(AnswerCache::kMaxEntries);
  cache.Put(About(0), kAdmitted, clock.Now());
  for (std::uint32_t i = 1; i < kMax + 500; ++i) cache.Put(About(i), kRefused, clock.Now());
  CHECK(cache.size() == kMax);
  CHECK(cache.Find(About(0), clock.Now()).has_value());
  CHECK_FALSE(cache.Find(About(1), clock.Now()).has_value());
  CHECK_FALSE(cache.Find(About(500), clock.Now()).has_value());
  CHECK(cache.Find(About(501), clock.Now()).has_value());
  for (std::uint32_t i = 0; i < kMax + 500; ++i) {
    cache.Put(About(i + 100'000), kAdmitted, clock.Now());
  }
  CHECK(cache.size() == kMax);
  CHECK_FALSE(cache.Find(About(0), clock.Now()).has_value());
  CHECK(cache.Find(About(100'000 + kMax), clock.Now()).has_value());
  clock.Advance(seconds(10));
  cache.Put(About(1), kRefused, clock.Now());
  CHECK(cache.size() == 1);
}
