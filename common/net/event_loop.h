// One libuv loop: descriptors, timers, posted closures, signals. A loop belongs to the thread that
// runs it; everything but Post() and Stop() must be called there (or before Run()). libuv stays
// inside the .cc file.
#pragma once

#include <functional>
#include <memory>

#include "common/base/clock.h"

namespace derp::net {

class EventLoop final : public Clock {
 public:
  EventLoop();
  ~EventLoop() override;  // after Run() has returned; closes what is still open
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void Run();   // until Stop()
  void Stop();  // any thread
  void Post(
      std::function<void()> task);  // any thread; runs in order of posting, before the turn ends

  // Called once at the end of each turn in which anything happened, after all I/O callbacks, timers
  // and posted tasks. For batching: what a turn gathered is sent here.
  void OnTurnEnd(std::function<void()> hook);

  // The steady clock, read once per turn: cheap, and equal within one turn.
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
// destroyed. May be destroyed within its own callback.
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
