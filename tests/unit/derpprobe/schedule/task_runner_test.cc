#include "derpprobe/schedule/task_runner.h"

#include <vector>

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

// A task that counts its runs, which end at once.
std::function<void(TaskRunner::Done)> Counting(Counter& runs) {
  return [&runs](const TaskRunner::Done& done) {
    runs.Add();
    done();
  };
}

}  // namespace

TEST_CASE("many tasks run side by side, also while one of them blocks", "[schedule]") {
  const SystemClock clock;
  Counter started;
  Counter release;
  TaskRunner runner(clock, 4);
  const TimePoint now = clock.Now();
  runner.Add("blocks", now, hours(1), [&](const TaskRunner::Done& done) {
    started.Add();
    (void)release.WaitFor(1);
    done();
  });
  REQUIRE(started.WaitFor(1));
  for (int i = 0; i < 20; ++i) {
    runner.Add("quick" + std::to_string(i), now, hours(1), Counting(started));
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
  runner.Add("often", clock.Now(), std::chrono::milliseconds(1), Counting(runs));
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
  runner.Add("far", clock.Now() + hours(1), hours(1), Counting(runs));
  runner.Add("near", clock.Now(), hours(1), Counting(runs));
  CHECK(runs.WaitFor(1));
}

TEST_CASE("hundreds of runs under way hold no thread and are not started again", "[schedule]") {
  const SystemClock clock;
  Counter started;
  Mutex mutex;
  std::vector<TaskRunner::Done> under_way;
  TaskRunner runner(clock, 2);
  for (int i = 0; i < 300; ++i) {
    runner.Add("task" + std::to_string(i), clock.Now(), std::chrono::milliseconds(1),
               [&](TaskRunner::Done done) {
                 const MutexLock lock(mutex);
                 under_way.push_back(std::move(done));
                 started.Add();
               });
  }
  REQUIRE(started.WaitFor(300));
  CHECK(started.count() == 300);
  {
    const MutexLock lock(mutex);
    under_way.back()();
    under_way.pop_back();
  }
  CHECK(started.WaitFor(301));  // the one that is done starts again
  for (int i = 0; i < 300; ++i) runner.Remove("task" + std::to_string(i));
  std::vector<TaskRunner::Done> rest;
  {
    const MutexLock lock(mutex);
    rest.swap(under_way);
  }
  for (const TaskRunner::Done& done : rest) done();
  runner.Stop();
  CHECK(started.count() == 301);
}

TEST_CASE("the end of a run does not end the run of a later task of the same id", "[schedule]") {
  const SystemClock clock;
  Counter first_runs;
  Counter second_runs;
  TaskRunner::Done first_done;
  TaskRunner::Done second_done;
  TaskRunner runner(clock, 2);
  runner.Add("id", clock.Now(), std::chrono::milliseconds(1), [&](TaskRunner::Done done) {
    first_done = std::move(done);
    first_runs.Add();
  });
  REQUIRE(first_runs.WaitFor(1));
  runner.Remove("id");
  runner.Add("id", clock.Now(), std::chrono::milliseconds(1), [&](TaskRunner::Done done) {
    second_done = std::move(done);
    second_runs.Add();
  });
  REQUIRE(second_runs.WaitFor(1));
  first_done();
  runner.Remove("id");
  second_done();
  runner.Stop();
  CHECK(first_runs.count() == 1);
  CHECK(second_runs.count() == 1);
}
