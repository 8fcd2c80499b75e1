#include "derper/relay/queues/deadline_queue.h"

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
  CHECK(MayWaitUntil(kind, At(60'001)) == At(60'250));
  CHECK(MayWaitUntil(kind, At(60'249)) == At(60'250));
  CHECK(MayWaitUntil(kind, At(60'250)) == At(60'250));
}

TEST_CASE("what somebody waits for comes when it is due", "[deadline_queue]") {
  const auto kind = GENERATE(DeadlineKind::kLogin, DeadlineKind::kStall, DeadlineKind::kDrained,
                             DeadlineKind::kPause);
  CHECK(MayWaitUntil(kind, At(60'001)) == At(60'001));
}

}  // namespace
}  // namespace derp::relay
