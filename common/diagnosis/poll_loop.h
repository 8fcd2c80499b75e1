// One thread that waits for many descriptors and times at once. What waits is a Waiter; its methods
// are called in the loop's thread only and must not block.
#pragma once

#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/net/fd.h"

namespace derp::diagnosis {

class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual int fd() const = 0;
  virtual bool for_writing() const = 0;
  virtual TimePoint wake() const = 0;  // call Step() then at the latest
  // `ready`: the descriptor is (or is broken). False when there is nothing left to wait for: the
  // waiter is destroyed.
  virtual bool Step(bool ready) = 0;
};

class PollLoop {
 public:
  explicit PollLoop(const Clock& clock);
  ~PollLoop();  // what still waits is destroyed without a further call
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  void Add(std::unique_ptr<Waiter> waiter);  // any thread

 private:
  void Run();
  bool TakeNew();  // false: the loop ends
  void WaitOnce();

  const Clock& clock_;
  net::Fd wake_fd_;
  Mutex mutex_;
  std::deque<std::unique_ptr<Waiter>> added_ DERP_GUARDED_BY(mutex_);
  bool stopping_ DERP_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<Waiter>> waiters_;  // of the loop's thread
  std::thread thread_;
};

}  // namespace derp::diagnosis
