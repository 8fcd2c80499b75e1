// Threads for blocking work, started when they are first needed, at most `most`.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "common/base/mutex.h"

namespace derp::diagnosis {

class WorkerPool {
 public:
  explicit WorkerPool(std::size_t most) : most_(most) {}
  ~WorkerPool();  // runs what is queued, then joins
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void Post(std::function<void()> work);       // any thread
  void PostFirst(std::function<void()> work);  // before all that is queued
  // What is queued is forgotten, and so is what is posted from now on; what runs goes on.
  void Abandon();

 private:
  void Run();
  void StartThreadIfNeeded() DERP_REQUIRES(mutex_);

  const std::size_t most_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<std::function<void()>> queue_ DERP_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ DERP_GUARDED_BY(mutex_);
  std::size_t idle_ DERP_GUARDED_BY(mutex_) = 0;
  bool stopping_ DERP_GUARDED_BY(mutex_) = false;
  bool abandoned_ DERP_GUARDED_BY(mutex_) = false;
};

}  // namespace derp::diagnosis
