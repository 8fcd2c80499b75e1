#include "derpprobe/schedule/due_queue.h"

#include <catch2/catch.hpp>

using namespace derp;
using derp::probe::DueQueue;
using std::chrono::seconds;

TEST_CASE("a task of 8 s runs at once and again after each interval, not in between",
          "[schedule]") {
  TimePoint now{};
  DueQueue queue;
  queue.Add("a", now, seconds(8));
  CHECK(queue.Take(now) == "a");
  queue.Done("a", now);
  now += seconds(7);
  CHECK_FALSE(queue.Take(now).has_value());
  now += seconds(5);
  CHECK(queue.Take(now) == "a");
  queue.Done("a", now);
  now += seconds(2);
  CHECK_FALSE(queue.Take(now).has_value());
  now += seconds(8);
  CHECK(queue.Take(now) == "a");
}

TEST_CASE("a slow run drops the ticks it missed and keeps its phase", "[schedule]") {
  TimePoint now{};
  DueQueue queue;
  queue.Add("a", now, seconds(10));
  REQUIRE(queue.Take(now) == "a");
  CHECK_FALSE(queue.Take(now + seconds(25)).has_value());  // still running
  queue.Done("a", now + seconds(25));
  CHECK(queue.NextDue() == now + seconds(30));
}

TEST_CASE("a task removed while it runs does not come back", "[schedule]") {
  TimePoint now{};
  DueQueue queue;
  queue.Add("a", now, seconds(1));
  REQUIRE(queue.Take(now) == "a");
  queue.Remove("a");
  queue.Done("a", now);
  CHECK_FALSE(queue.NextDue().has_value());
  CHECK(queue.size() == 0);
}

TEST_CASE("adding a known task keeps its phase, unless its interval changes", "[schedule]") {
  TimePoint now{};
  DueQueue queue;
  queue.Add("a", now + seconds(3), seconds(10));
  queue.Add("a", now, seconds(10));
  CHECK(queue.NextDue() == now + seconds(3));
  queue.Add("a", now, seconds(5));
  CHECK(queue.NextDue() == now);
  CHECK(queue.size() == 1);
}

TEST_CASE("of several due tasks the one that waits longest comes first", "[schedule]") {
  TimePoint now{};
  DueQueue queue;
  queue.Add("late", now + seconds(2), seconds(10));
  queue.Add("early", now + seconds(1), seconds(10));
  CHECK(queue.Take(now + seconds(5)) == "early");
  CHECK(queue.Take(now + seconds(5)) == "late");
}
