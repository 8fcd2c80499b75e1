#include "common/base/scheduling.h"

#include <sched.h>
#include <thread>

#include <catch2/catch.hpp>

namespace derp {
namespace {

// What LetOthersFinish() makes of a thread's policy.
int PolicyAfter(int before) {
  int after = -1;
  std::thread([&] {
    const sched_param normal{};
    if (sched_setscheduler(0, before, &normal) != 0) return;
    LetOthersFinish();
    after = sched_getscheduler(0);
  }).join();
  return after;
}

TEST_CASE("a thread that lets others finish no longer takes their core", "[scheduling]") {
  CHECK(PolicyAfter(SCHED_OTHER) == SCHED_BATCH);
}

TEST_CASE("a policy that somebody chose stands", "[scheduling]") {
  CHECK(PolicyAfter(SCHED_IDLE) == SCHED_IDLE);
}

TEST_CASE("other threads keep theirs", "[scheduling]") {
  const int before = sched_getscheduler(0);
  std::thread(LetOthersFinish).join();
  CHECK(sched_getscheduler(0) == before);
}

}  // namespace
}  // namespace derp
