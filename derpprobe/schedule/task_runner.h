// Runs periodic tasks on a bounded pool of threads. Threads are started when they are first needed.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "derpprobe/schedule/due_queue.h"

namespace derp::probe {

class TaskRunner {
 public:
  // `clock` must be the steady clock of this machine (the runner waits on it) and outlive the
  // runner.
  TaskRunner(const Clock& clock, std::size_t most_threads);
  ~TaskRunner();  // Stop()

  // `run` is called in one of the pool's threads, never twice at once for one id. A known id keeps
  // its phase and its function, unless the interval changed.
  void Add(const std::string& id, TimePoint first, Duration interval, std::function<void()> run);
  // A run under way goes on to its end.
  void Remove(const std::string& id);

  // Starts nothing any more and waits for what is under way.
  void Stop();

 private:
  void Work();
  void StartThreadIfNeeded() DERP_REQUIRES(mutex_);

  const Clock& clock_;
  const std::size_t most_threads_;
  Mutex mutex_;
  CondVar changed_;
  DueQueue queue_ DERP_GUARDED_BY(mutex_);
  std::map<std::string, std::function<void()>> functions_ DERP_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ DERP_GUARDED_BY(mutex_);
  std::size_t idle_ DERP_GUARDED_BY(mutex_) = 0;
  bool someone_watches_ DERP_GUARDED_BY(mutex_) =
      false;  // one idle thread waits for the next due time
  bool stopping_ DERP_GUARDED_BY(mutex_) = false;
};

}  // namespace derp::probe
