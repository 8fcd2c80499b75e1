#include "common/stun/retransmission.h"

#include <catch2/catch.hpp>

namespace derp::stun {
namespace {

using namespace std::chrono_literals;
using Action = RetransmissionSchedule::Action;

}  // namespace

TEST_CASE("the RFC's figures give the RFC's times", "[stun]") {
  RetransmissionSchedule schedule({}, TimePoint{});
  for (const Duration at : {0ms, 500ms, 1500ms, 3500ms, 7500ms, 15500ms, 31500ms}) {
    CAPTURE(at.count());
    CHECK(schedule.Step(TimePoint{at - 1ns}) == Action::kWait);
    CHECK(schedule.Step(TimePoint{at}) == Action::kSend);
  }
  CHECK(schedule.sent() == 7);
  CHECK(schedule.Step(TimePoint{39499ms}) == Action::kWait);
  CHECK(schedule.Step(TimePoint{39500ms}) == Action::kGiveUp);
}

TEST_CASE("a late call does not stretch the plan", "[stun]") {
  RetransmissionSchedule schedule({}, TimePoint{});
  CHECK(schedule.Step(TimePoint{400ms}) == Action::kSend);
  CHECK(schedule.next() == TimePoint{500ms});
}

TEST_CASE("a single send waits once and gives up", "[stun]") {
  for (const unsigned sends : {0U, 1U}) {
    CAPTURE(sends);
    const RetransmissionOptions options{.initial_wait = 500ms, .sends = sends, .final_wait = 4};
    RetransmissionSchedule schedule(options, TimePoint{});
    CHECK(schedule.Step(TimePoint{}) == Action::kSend);
    CHECK(schedule.Step(TimePoint{1999ms}) == Action::kWait);
    CHECK(schedule.Step(TimePoint{2s}) == Action::kGiveUp);
  }
}

}  // namespace derp::stun
