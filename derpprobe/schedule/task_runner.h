// Starts periodic tasks from a few threads. A run is under way from its start until it says that it
// is done, wherever that happens: what waits elsewhere holds no thread here.
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

  // Called once, from any thread; it ends the run.
  using Done = std::function<void()>;
  // `start` is called in one of the runner's threads, and not again before the run is done. A known
  // id keeps its phase and its function, unless the interval changed.
  void Add(const std::string& id, TimePoint first, Duration interval,
           std::function<void(Done)> start);
  // A run under way goes on to its end.
  void Remove(const std::string& id);

  // Starts nothing any more and waits until every run is done.
  void Stop();

 private:
  struct Task {
    std::function<void(Done)> start;
    std::uint64_t serial;  // tells a task from a later one of the same id
  };

  void Work();
  void Finished(const std::string& id, std::uint64_t serial);
  void StartThreadIfNeeded() DERP_REQUIRES(mutex_);

  const Clock& clock_;
  const std::size_t most_threads_;
  Mutex mutex_;
  CondVar changed_;
  DueQueue queue_ DERP_GUARDED_BY(mutex_);
  std::map<std::string, Task> tasks_ DERP_GUARDED_BY(mutex_);
  std::uint64_t last_serial_ DERP_GUARDED_BY(mutex_) = 0;
  std::size_t under_way_ DERP_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> threads_ DERP_GUARDED_BY(mutex_);
  std::size_t idle_ DERP_GUARDED_BY(mutex_) = 0;
  bool someone_watches_ DERP_GUARDED_BY(mutex_) =
      false;  // one idle thread waits for the next due time
  bool stopping_ DERP_GUARDED_BY(mutex_) = false;
};

}  // namespace derp::probe
