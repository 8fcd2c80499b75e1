#include "common/diagnosis/hello_gate.h"

#include <utility>

namespace derp::diagnosis {

void HelloGate::Enter(std::function<void()> begin) {
  {
    const MutexLock lock(mutex_);
    if (free_ == 0) {
      waiting_.push_back(std::move(begin));
      return;
    }
    --free_;
  }
  begin();
}

void HelloGate::Leave() {
  std::function<void()> next;
  {
    const MutexLock lock(mutex_);
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    next = std::move(waiting_.front());
    waiting_.pop_front();
  }
  next();
}

}  // namespace derp::diagnosis
