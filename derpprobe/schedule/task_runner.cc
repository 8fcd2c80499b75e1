#include "derpprobe/schedule/task_runner.h"

#include <utility>

namespace derp::probe {

TaskRunner::TaskRunner(const Clock& clock, std::size_t most_threads)
    : clock_(clock), most_threads_(most_threads) {}

TaskRunner::~TaskRunner() { Stop(); }

void TaskRunner::Add(const std::string& id, TimePoint first, Duration interval,
                     std::function<void()> run) {
  const MutexLock lock(mutex_);
  if (stopping_) return;
  queue_.Add(id, first, interval);
  functions_.try_emplace(id, std::move(run));
  StartThreadIfNeeded();
  changed_.NotifyAll();  // The watching thread may have to wake earlier now.
}

void TaskRunner::Remove(const std::string& id) {
  const MutexLock lock(mutex_);
  queue_.Remove(id);
  functions_.erase(id);
}

void TaskRunner::StartThreadIfNeeded() {
  if (idle_ == 0 && threads_.size() < most_threads_ && !stopping_) {
    threads_.emplace_back([this] { Work(); });
  }
}

void TaskRunner::Work() {
  mutex_.Lock();
  while (!stopping_) {
    if (auto id = queue_.Take(clock_.Now())) {
      const std::function<void()> run = functions_.at(*id);
      StartThreadIfNeeded();  // Somebody must watch the clock while this one works.
      changed_.NotifyOne();
      mutex_.Unlock();
      run();
      mutex_.Lock();
      queue_.Done(*id, clock_.Now());
      changed_.NotifyOne();
      continue;
    }
    ++idle_;
    const auto due = queue_.NextDue();
    if (due && !someone_watches_) {
      someone_watches_ = true;
      (void)changed_.WaitUntil(mutex_, *due);
      someone_watches_ = false;
    } else {
      changed_.Wait(mutex_);
    }
    --idle_;
  }
  mutex_.Unlock();
}

void TaskRunner::Stop() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace derp::probe
