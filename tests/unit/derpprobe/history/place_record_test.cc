#include "derpprobe/history/place_record.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

namespace derp {

using diagnosis::Verdict;
using probe::HistoryRows;
using probe::kBucketWidth;
using probe::Past;
using probe::PastBucket;
using probe::PlaceRecord;
using probe::RoundSample;

namespace {

RoundSample Round(Verdict verdict, int milliseconds = 0) {
  RoundSample sample;
  sample.verdict = verdict;
  if (milliseconds > 0) sample.round_trip = std::chrono::milliseconds(milliseconds);
  sample.sent = 20;
  sample.lost = verdict == Verdict::kUsable ? 0 : 5;
  return sample;
}

struct Days {
  test::FakeClock clock;
  PlaceRecord record;

  void Add(Verdict verdict, int milliseconds = 0) {
    record.Add(Round(verdict, milliseconds), clock.WallNow());
  }
  Past Now() const { return record.Make(clock.WallNow()); }
};

}  // namespace

TEST_CASE("the worst verdict of a quarter wins and rounds are counted", "[history]") {
  Days days;
  days.Add(Verdict::kUsable, 2);
  days.Add(Verdict::kUnusable);
  days.Add(Verdict::kUsable, 4);
  days.Add(Verdict::kUnknown, 9);  // no data
  const Past past = days.Now();
  REQUIRE(past.day.size() == 1);
  const PastBucket& bucket = past.day[0];
  CHECK(bucket.number == probe::BucketNumber(days.clock.WallNow()));
  CHECK(bucket.rounds == 3);
  CHECK(bucket.available == 2);
  CHECK(bucket.worst == Verdict::kUnusable);
  CHECK(bucket.sent == 60);
  CHECK(bucket.lost == 5);
  CHECK(bucket.median == std::chrono::milliseconds(4));
  CHECK(past.availability == Approx(2.0 / 3.0));
  CHECK(past.observed == kBucketWidth);
}

TEST_CASE("a thousand round trips keep their percentiles", "[history]") {
  Days days;
  for (int i = 0; i < 1000; ++i) days.Add(Verdict::kUsable, 1 + (i * 37) % 1000);
  const PastBucket bucket = days.Now().day.at(0);
  CHECK(bucket.rounds == 1000);
  const auto near = [](const std::optional<Duration>& got, int milliseconds) {
    return got &&
           std::abs(std::chrono::duration<double, std::milli>(*got).count() - milliseconds) < 80;
  };
  CHECK(near(bucket.p10, 100));
  CHECK(near(bucket.median, 500));
  CHECK(near(bucket.p90, 900));
}

TEST_CASE("quarters without data are missing, and a day later they are gone", "[history]") {
  Days days;
  days.Add(Verdict::kUsable);
  days.clock.Advance(3 * kBucketWidth);
  days.Add(Verdict::kImpaired);
  REQUIRE(days.Now().day.size() == 2);
  CHECK(days.Now().day[1].number == days.Now().day[0].number + 3);
  days.clock.Advance(std::chrono::hours(24) - 3 * kBucketWidth);
  CHECK(days.Now().day.size() == 1);
  CHECK(days.Now().availability == 1.0);  // the counters of the days stay
}

TEST_CASE("31 days of rounds stay within 4 KiB", "[history]") {
  Days days;
  for (int quarter = 0; quarter < 40 * 96; ++quarter) {
    for (int i = 0; i < 3; ++i) days.Add(Verdict::kUsable, i + 1);
    days.clock.Advance(kBucketWidth);
  }
  CHECK(days.record.bytes() <= 4096);
  const Past past = days.Now();
  CHECK(past.day.size() == 95);  // the newest quarter has begun and holds nothing yet
  CHECK(past.observed <= std::chrono::hours(24 * 31));
  CHECK(past.observed > std::chrono::hours(24 * 29));
}

TEST_CASE("a clock that steps back a little stays in its quarter, one that leaps starts anew",
          "[history]") {
  Days days;
  days.Add(Verdict::kUsable);
  days.record.Add(Round(Verdict::kImpaired), days.clock.WallNow() - 2 * kBucketWidth);
  REQUIRE(days.Now().day.size() == 1);
  CHECK(days.Now().day[0].rounds == 2);
  const WallTime earlier = days.clock.WallNow() - std::chrono::hours(24 * 400);
  days.record.Add(Round(Verdict::kUsable), earlier);
  const Past past = days.record.Make(earlier);
  REQUIRE(past.day.size() == 1);
  CHECK(past.day[0].rounds == 1);
  CHECK(past.observed == kBucketWidth);
}

TEST_CASE("only what changed is taken, and what could not be stored comes back", "[history]") {
  Days days;
  days.Add(Verdict::kUsable);
  days.clock.Advance(kBucketWidth);
  days.Add(Verdict::kUsable);
  HistoryRows first;
  days.record.TakeChanges({5, "5a"}, first);
  CHECK(first.buckets.size() == 2);
  CHECK(first.days.size() >= 1);
  HistoryRows second;
  days.record.TakeChanges({5, "5a"}, second);
  CHECK(second.buckets.empty());
  CHECK(second.days.empty());
  days.clock.Advance(kBucketWidth);
  days.Add(Verdict::kUsable);
  days.record.PutBack(first.buckets[1].bucket);
  HistoryRows third;
  days.record.TakeChanges({5, "5a"}, third);
  CHECK(third.buckets.size() == 2);
}

TEST_CASE("a restored record goes on where it stood", "[history]") {
  Days before;
  for (int quarter = 0; quarter < 200; ++quarter) {
    before.Add(quarter % 7 == 0 ? Verdict::kUnusable : Verdict::kUsable, 3);
    before.clock.Advance(kBucketWidth);
  }
  before.Add(Verdict::kUsable, 3);
  before.record.MarkAllUnsaved();
  HistoryRows rows;
  before.record.TakeChanges({5, ""}, rows);
  PlaceRecord after;
  for (const auto& row : rows.buckets) after.Restore(row.bucket);
  for (const auto& row : rows.days) after.Restore(row.day);
  const WallTime now = before.clock.WallNow();
  CHECK(after.Make(now).day == before.Now().day);
  CHECK(after.Make(now).availability == before.Now().availability);
  after.Add(Round(Verdict::kImpaired, 3), now);
  CHECK(after.Make(now).day.back().rounds == 2);
  CHECK(after.Make(now).day.back().median == std::chrono::milliseconds(3));
}

TEST_CASE("a place that is no longer probed expires", "[history]") {
  Days days;
  days.Add(Verdict::kUsable);
  CHECK_FALSE(days.record.Expire(days.clock.WallNow() + std::chrono::hours(25)));
  CHECK(days.record.bytes() < 512);
  CHECK(days.record.Expire(days.clock.WallNow() + std::chrono::hours(24 * 32)));
}

}  // namespace derp
