// One thread that waits for thousands of descriptors and times at once. What waits is a Waiter; its
// methods are called in the loop's thread only and must not block. A wake-up costs as much as there
// is to do, not as much as there is to wait for.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/net/fd.h"

namespace derp::diagnosis {

class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual int fd() const = 0;  // -1: nothing but a time; asked after Add() and after each Step()
  virtual bool for_writing() const = 0;
  virtual TimePoint wake() const = 0;  // call Step() then at the latest; asked as fd() is
  // `ready`: the descriptor is (or is broken). False when there is nothing left to wait for: the
  // waiter is destroyed. It may have given its descriptor away, even to another waiter.
  virtual bool Step(bool ready) = 0;
};

class PollLoop {
 public:
  explicit PollLoop(const Clock& clock);
  ~PollLoop();  // Stop(); what still waits is destroyed without a further call
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  void Add(std::unique_ptr<Waiter> waiter);  // any thread
  // No Step() begins any more, and none is under way when this returns. Add() may still be called.
  // Not from the loop's own thread.
  void Stop();

 private:
  // Ids, not descriptors, name what waits: a descriptor's number comes back as soon as it is
  // closed.
  using Id = std::uint64_t;
  struct Entry {
    std::unique_ptr<Waiter> waiter;
    TimePoint wake;
  };

  void Run();
  bool TakeNew();  // false: the loop ends
  void WaitOnce();
  void Watch(Id id, const Waiter& waiter);
  void StepOne(Id id, bool ready);
  void StepDue();
  void Wake();

  const Clock& clock_;
  net::Fd epoll_fd_;
  net::Fd wake_fd_;
  Mutex mutex_;
  std::deque<std::unique_ptr<Waiter>> added_ DERP_GUARDED_BY(mutex_);
  bool stopping_ DERP_GUARDED_BY(mutex_) = false;
  // Of the loop's thread.
  Id last_id_ = 0;
  std::unordered_map<Id, Entry> waiters_;
  std::set<std::pair<TimePoint, Id>> times_;
  std::thread thread_;
};

}  // namespace derp::diagnosis
