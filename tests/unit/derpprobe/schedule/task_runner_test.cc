#include "derpprobe/schedule/task_runner.h"

#include <catch2/catch.hpp>

using namespace derp;
using derp::probe::TaskRunner;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

// Counts calls and lets a test wait for a number of them.
class Counter {
 public:
  void Add() {
    const MutexLock lock(mutex_);
    ++count_;
    changed_.NotifyAll();
  }
  bool WaitFor(int count) {
    const auto deadline = SystemClock().Now() + seconds(20);
    const MutexLock lock(mutex_);
    while (count_ < count) {
      if (!changed_.WaitUntil(mutex_, deadline)) return count_ >= count;
    }
    return true;
  }
  int count() {
    const MutexLock lock(mutex_);
    return count_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int count_ DERP_GUARDED_BY(mutex_) = 0;
};

}  // namespace

TEST_CASE("many tasks run side by side, also while one of them blocks", "[schedule]") {
  const SystemClock clock;
  Counter started;
  Counter release;
  TaskRunner runner(clock, 4);
  const TimePoint now = clock.Now();
  runner.Add("blocks", now, hours(1), [&] {
    started.Add();
    (void)release.WaitFor(1);
  });
  REQUIRE(started.WaitFor(1));
  for (int i = 0; i < 20; ++i) {
    runner.Add("quick" + std::to_string(i), now, hours(1), [&] { started.Add(); });
  }
  CHECK(started.WaitFor(21));
  release.Add();
  runner.Stop();
  CHECK(started.count() == 21);
}

TEST_CASE("a task repeats until it is removed, and stopping waits for its run", "[schedule]") {
  const SystemClock clock;
  Counter runs;
  TaskRunner runner(clock, 2);
  runner.Add("often", clock.Now(), std::chrono::milliseconds(1), [&] { runs.Add(); });
  CHECK(runs.WaitFor(5));
  runner.Remove("often");
  runner.Stop();
  const int count = runs.count();
  CHECK(count >= 5);
}

TEST_CASE("a task added later but due earlier wakes the watching thread", "[schedule]") {
  const SystemClock clock;
  Counter runs;
  TaskRunner runner(clock, 2);
  runner.Add("far", clock.Now() + hours(1), hours(1), [&] { runs.Add(); });
  runner.Add("near", clock.Now(), hours(1), [&] { runs.Add(); });
  CHECK(runs.WaitFor(1));
}
