// Tells threads that ask others to give up: a flag to look at, and a wait that it ends.
#pragma once

#include <atomic>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace derp::admission {

// Any thread.
class StopSignal {
 public:
  void Set() {
    const MutexLock lock(mutex_);
    set_ = true;
    changed_.NotifyAll();
  }
  bool is_set() const { return set_; }

  // False when it was set before `deadline`.
  bool WaitUntil(TimePoint deadline) {
    const MutexLock lock(mutex_);
    while (!set_) {
      if (!changed_.WaitUntil(mutex_, deadline)) return !set_;
    }
    return false;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::atomic<bool> set_{false};
};

}  // namespace derp::admission
