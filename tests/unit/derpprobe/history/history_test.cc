#include "derpprobe/history/history.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

namespace derp {

using diagnosis::Verdict;
using probe::History;
using probe::HistoryRows;
using probe::Past;

namespace {

probe::RoundSample Usable() {
  probe::RoundSample sample;
  sample.verdict = Verdict::kUsable;
  sample.round_trip = std::chrono::milliseconds(2);
  return sample;
}

}  // namespace

TEST_CASE("the past of a place is made once per change", "[history]") {
  const test::FakeClock clock;
  History history;
  CHECK(history.PastOf({5, "5a"}, clock.WallNow())->day.empty());
  history.Record({5, "5a"}, Usable(), clock.WallNow());
  const std::shared_ptr<const Past> first = history.PastOf({5, "5a"}, clock.WallNow());
  CHECK(history.PastOf({5, "5a"}, clock.WallNow()) == first);
  history.Record({5, "5b"}, Usable(), clock.WallNow());
  CHECK(history.PastOf({5, "5a"}, clock.WallNow()) == first);
  history.Record({5, "5a"}, Usable(), clock.WallNow());
  const std::shared_ptr<const Past> second = history.PastOf({5, "5a"}, clock.WallNow());
  CHECK(second != first);
  CHECK(first->day.at(0).rounds == 1);  // a reader's copy does not change under it
  CHECK(second->day.at(0).rounds == 2);
}

TEST_CASE("changes are taken once and can be put back", "[history]") {
  const test::FakeClock clock;
  History history;
  history.Record({5, "5a"}, Usable(), clock.WallNow());
  history.Record({5, ""}, Usable(), clock.WallNow());
  const HistoryRows rows = history.TakeChanges();
  CHECK(rows.buckets.size() == 2);
  CHECK(rows.days.size() == 2);
  CHECK(history.TakeChanges().buckets.empty());
  history.PutBack(rows);
  CHECK(history.TakeChanges().buckets.size() == 2);
}

TEST_CASE("a full day of a place takes less than 4 KiB", "[history]") {
  test::FakeClock clock;
  History history;
  for (int quarter = 0; quarter < 96; ++quarter) {
    for (int place = 0; place < 500; ++place) {
      history.Record({place, "node"}, Usable(), clock.WallNow());
    }
    clock.Advance(probe::kBucketWidth);
  }
  CHECK(history.bytes() < 500U * 4096);
  CAPTURE(history.bytes() / 500);
  clock.Advance(std::chrono::hours(24));
  history.Expire(clock.WallNow());
  CHECK(history.bytes() < 500U * 512);
  clock.Advance(std::chrono::hours(24 * 31));
  history.Expire(clock.WallNow());
  CHECK(history.bytes() == 0);
}

}  // namespace derp
