#include "derpprobe/schedule/task_runner.h"

#include <utility>

namespace derp::probe {

TaskRunner::TaskRunner(const Clock& clock, std::size_t most_threads)
    : clock_(clock), most_threads_(most_threads) {}

TaskRunner::~TaskRunner() { Stop(); }

void TaskRunner::Add(const std::string& id, TimePoint first, Duration interval,
                     std::function<void(Done)> start) {
  const MutexLock lock(mutex_);
  if (stopping_) return;
  queue_.Add(id, first, interval);
  if (tasks_.try_emplace(id, Task{std::move(start), last_serial_ + 1}).second) ++last_serial_;
  StartThreadIfNeeded();
  changed_.NotifyAll();  // The watching thread may have to wake earlier now.
}

void TaskRunner::Remove(const std::string& id) {
  const MutexLock lock(mutex_);
  queue_.Remove(id);
  tasks_.erase(id);
}

void TaskRunner::Finished(const std::string& id, std::uint64_t serial) {
  const MutexLock lock(mutex_);
  --under_way_;
  const auto task = tasks_.find(id);
  if (task != tasks_.end() && task->second.serial == serial) queue_.Done(id, clock_.Now());
  changed_.NotifyAll();
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
      const Task task = tasks_.at(*id);
      ++under_way_;
      StartThreadIfNeeded();  // Somebody must watch the clock while this one works.
      changed_.NotifyOne();
      mutex_.Unlock();
      task.start([this, name = *id, serial = task.serial] { Finished(name, serial); });
      mutex_.Lock();
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
  const MutexLock lock(mutex_);
  while (under_way_ > 0) changed_.Wait(mutex_);
}

}  // namespace derp::probe
