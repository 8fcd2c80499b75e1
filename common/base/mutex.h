// std::mutex with clang's thread-safety annotations; the only place that names std::mutex.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define DERP_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define DERP_THREAD_ATTRIBUTE(x)
#endif

#define DERP_GUARDED_BY(x) DERP_THREAD_ATTRIBUTE(guarded_by(x))
#define DERP_REQUIRES(...) DERP_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define DERP_EXCLUDES(...) DERP_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace derp {

class DERP_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void Lock() DERP_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void Unlock() DERP_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class DERP_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) DERP_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() DERP_THREAD_ATTRIBUTE(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits with the mutex held; spurious wake-ups are the caller's to check.
class CondVar {
 public:
  void Wait(Mutex& mutex) DERP_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False when `deadline` (any std::chrono time point) passed.
  template <typename Deadline>
  bool WaitUntil(Mutex& mutex, Deadline deadline) DERP_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool in_time = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace derp
