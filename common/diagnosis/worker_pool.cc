#include "common/diagnosis/worker_pool.h"

#include <utility>

#include "common/base/scheduling.h"

namespace derp::diagnosis {

namespace {

// With so many at work or fewer, each runs as soon as its answer is there: a few relays' latencies
// are not to hold other threads' time. In a crowd they hold it anyway.
constexpr std::size_t kMostUndisturbed = 8;

}  // namespace

WorkerPool::~WorkerPool() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  wake_.NotifyAll();
  for (std::thread& thread : threads) thread.join();
}

void WorkerPool::Post(std::function<void()> work) {
  {
    const MutexLock lock(mutex_);
    if (abandoned_) return;
    queue_.push_back(std::move(work));
    StartThreadIfNeeded();
  }
  wake_.NotifyOne();  // without the lock, which the woken one takes at once
}

void WorkerPool::PostFirst(std::function<void()> work) {
  {
    const MutexLock lock(mutex_);
    if (abandoned_) return;
    queue_.push_front(std::move(work));
    StartThreadIfNeeded();
  }
  wake_.NotifyOne();
}

void WorkerPool::StartThreadIfNeeded() {
  if (idle_ >= queue_.size() || threads_.size() >= most_ || stopping_) return;
  const bool in_crowd = threads_.size() >= kMostUndisturbed;
  threads_.emplace_back([this, in_crowd] {
    if (in_crowd) LetOthersFinish();
    Run();
  });
}

void WorkerPool::Abandon() {
  std::deque<std::function<void()>> forgotten;  // destroyed without the lock
  const MutexLock lock(mutex_);
  abandoned_ = true;
  forgotten.swap(queue_);
}

void WorkerPool::Run() {
  for (;;) {
    std::function<void()> work;
    {
      const MutexLock lock(mutex_);
      ++idle_;
      while (queue_.empty() && !stopping_) wake_.Wait(mutex_);
      --idle_;
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace derp::diagnosis
