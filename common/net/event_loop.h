// One libuv loop: descriptors, timers, posted closures, signals. A loop belongs to the thread that
// runs it; everything but Post(), Wake() and Stop() must be called there (or before Run()). libuv
// stays inside the .cc file.
#pragma once

#include <functional>
#include <memory>

#include "common/base/clock.h"

namespace derp::net {

class EventLoop final : public Clock {
 public:
  EventLoop();
  ~EventLoop() override;  // after Run() has returned; watchers and timers must be gone
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void Run();   // until Stop(); may be called again afterwards
  void Stop();  // any thread; what was posted before still runs
  // Any thread. Tasks run in order of posting, after the I/O and timers of the turn they reach;
  // what a task or the turn's end posts runs in the next turn.
  void Post(std::function<void()> task);

  // Any thread: another turn soon, as if something had happened. Costs nothing while the loop is
  // awake.
  void Wake();

  // Called once at the end of each turn in which anything happened, after all I/O callbacks, timers
  // and posted tasks. For batching: what a turn gathered is sent here.
  void OnTurnEnd(std::function<void()> hook);

  // The steady clock, read at most once per turn: cheap, and equal within one turn.
  TimePoint Now() const override;
  WallTime WallNow() const override;

  bool InLoopThread() const;
  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

struct IoEvents {
  bool readable = false;
  bool writable = false;
  bool error = false;  // the descriptor itself is broken; read it to learn why
};

// Watches one descriptor, which it does not own and which must stay open until the watcher is
// destroyed. Wants nothing at first. May be destroyed within its own callback. One watcher per
// descriptor.
class IoWatcher {
 public:
  IoWatcher(EventLoop& loop, int fd, std::function<void(IoEvents)> callback);
  ~IoWatcher();
  IoWatcher(const IoWatcher&) = delete;
  IoWatcher& operator=(const IoWatcher&) = delete;
  void Want(bool readable, bool writable);  // cheap when nothing changes

 private:
  struct Impl;
  Impl* impl_;
};

// Never fires before its time; at most a millisecond later when the loop is idle. May be destroyed
// within its own callback.
class Timer {
 public:
  Timer(EventLoop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  void Start(Duration after, Duration repeat = Duration::zero());  // restarts a running one
  void Stop();
  bool active() const;

 private:
  struct Impl;
  Impl* impl_;
};

// Runs `callback` in the loop's thread for each signal (several may count as one). While it lives,
// the signal's default action does not happen.
class SignalWatcher {
 public:
  SignalWatcher(EventLoop& loop, int signal_number, std::function<void()> callback);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  struct Impl;
  Impl* impl_;
};

}  // namespace derp::net
