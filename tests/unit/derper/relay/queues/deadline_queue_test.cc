#include "derper/relay/queues/deadline_queue.h"

#include <vector>

#include <catch2/catch.hpp>

namespace derp::relay {
namespace {

using std::chrono::milliseconds;

TimePoint At(int ms) { return TimePoint(milliseconds(ms)); }

TEST_CASE("deadlines come due in the order of their times", "[deadline_queue]") {
  DeadlineQueue queue;
  CHECK_FALSE(queue.Earliest());
  queue.Add({.when = At(30), .connection = {}, .kind = DeadlineKind::kStall});
  queue.Add({.when = At(10), .connection = {}, .kind = DeadlineKind::kLogin});
  queue.Add({.when = At(20), .connection = {}, .kind = DeadlineKind::kPause});
  CHECK(queue.Earliest() == At(10));
  CHECK_FALSE(queue.TakeDue(At(9)));
  CHECK(queue.TakeDue(At(25))->kind == DeadlineKind::kLogin);
  CHECK(queue.TakeDue(At(25))->kind == DeadlineKind::kPause);
  CHECK_FALSE(queue.TakeDue(At(25)));
  CHECK(queue.TakeDue(At(30))->kind == DeadlineKind::kStall);
}

TEST_CASE("what comes round for every client falls on quarters of a second", "[deadline_queue]") {
  const auto kind =
      GENERATE(DeadlineKind::kKeepAlive, DeadlineKind::kIdle, DeadlineKind::kRoundTrip);
  DeadlineQueue queue;
  for (const int ms : {60'001, 60'249, 60'250}) {
    queue.Add({.when = At(ms), .connection = {}, .kind = kind});
  }
  queue.Add({.when = At(60'251), .connection = {}, .kind = kind});
  CHECK(queue.Earliest() == At(60'250));
  CHECK_FALSE(queue.TakeDue(At(60'249)));
  for (int i = 0; i < 3; ++i) CHECK(queue.TakeDue(At(60'250))->when == At(60'250));
  CHECK_FALSE(queue.TakeDue(At(60'499)));
  CHECK(queue.TakeDue(At(60'500))->kind == kind);
  CHECK_FALSE(queue.Earliest());
}

TEST_CASE("what somebody waits for comes when it is due", "[deadline_queue]") {
  const auto kind = GENERATE(DeadlineKind::kLogin, DeadlineKind::kStall, DeadlineKind::kDrained,
                             DeadlineKind::kPause);
  DeadlineQueue queue;
  queue.Add({.when = At(60'001), .connection = {}, .kind = kind});
  CHECK(queue.TakeDue(At(60'001))->when == At(60'001));
}

TEST_CASE("exact deadlines and those that come round keep the order of their times",
          "[deadline_queue]") {
  DeadlineQueue queue;
  const ConnectionRef idle{.worker = 1, .slot = 2, .generation = 3};
  queue.Add({.when = At(600), .connection = {}, .kind = DeadlineKind::kStall});
  queue.Add({.when = At(1), .connection = idle, .kind = DeadlineKind::kRoundTrip});
  queue.Add({.when = At(100), .connection = {}, .kind = DeadlineKind::kLogin});
  queue.Add({.when = At(251), .connection = idle, .kind = DeadlineKind::kKeepAlive});
  std::vector<DeadlineKind> order;
  while (const auto item = queue.TakeDue(At(1'000))) {
    order.push_back(item->kind);
    if (item->kind == DeadlineKind::kKeepAlive) CHECK(item->connection == idle);
  }
  CHECK(order == std::vector{DeadlineKind::kLogin, DeadlineKind::kRoundTrip,
                             DeadlineKind::kKeepAlive, DeadlineKind::kStall});
}

}  // namespace
}  // namespace derp::relay
