#include "common/diagnosis/worker_pool.h"

#include <algorithm>
#include <sched.h>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::diagnosis;

namespace {

// A pool with one thread, which is busy until it is released.
class BusyPool {
 public:
  BusyPool() : pool(1) {
    pool.Post([this] {
      const MutexLock lock(mutex_);
      started_ = true;
      changed_.NotifyAll();
      while (!released_) changed_.Wait(mutex_);
    });
    const MutexLock lock(mutex_);
    while (!started_) changed_.Wait(mutex_);
  }
  ~BusyPool() { Release(); }
  void Release() {
    const MutexLock lock(mutex_);
    released_ = true;
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool started_ DERP_GUARDED_BY(mutex_) = false;
  bool released_ DERP_GUARDED_BY(mutex_) = false;

 public:
  WorkerPool pool;  // last: joined while the rest is there
};

}  // namespace

TEST_CASE("urgent work goes before what is queued", "[diagnosis][pool]") {
  std::string order;
  {
    BusyPool busy;
    busy.pool.Post([&order] { order += "b"; });
    busy.pool.Post([&order] { order += "c"; });
    busy.pool.PostFirst([&order] { order += "a"; });
    busy.Release();
  }
  CHECK(order == "abc");
}

TEST_CASE("an abandoned pool forgets what has not begun", "[diagnosis][pool]") {
  std::string order;
  {
    BusyPool busy;
    busy.pool.Post([&order] { order += "queued"; });
    busy.pool.Abandon();
    busy.pool.Post([&order] { order += "late"; });
    busy.Release();
  }
  CHECK(order.empty());
}

TEST_CASE("few at work take their core as soon as they are woken, a crowd lets others finish",
          "[diagnosis][pool]") {
  if (sched_getscheduler(0) != SCHED_OTHER) return;  // chosen for the tests: it stands
  const auto threads = GENERATE(std::size_t{8}, std::size_t{10});
  Mutex mutex;
  CondVar changed;
  std::vector<int> policies;
  {
    WorkerPool pool(threads);
    for (std::size_t i = 0; i < threads; ++i) {
      pool.Post([&] {  // each keeps its thread until all are there
        const MutexLock lock(mutex);
        policies.push_back(sched_getscheduler(0));
        changed.NotifyAll();
        while (policies.size() < threads) changed.Wait(mutex);
      });
    }
  }
  const auto gentle = std::count(policies.begin(), policies.end(), SCHED_BATCH);
  CHECK(gentle == static_cast<std::ptrdiff_t>(threads) - 8);
}
