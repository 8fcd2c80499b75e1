#include "common/diagnosis/poll_loop.h"

#include <fcntl.h>
#include <functional>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "common/base/clock.h"

using namespace derp;
using namespace derp::diagnosis;
using namespace std::chrono_literals;

namespace {

// Steps as a test says.
class ScriptedWaiter final : public Waiter {
 public:
  using Script = std::function<bool(ScriptedWaiter&, bool ready)>;
  ScriptedWaiter(net::Fd fd, TimePoint wake, Script script)
      : fd_(std::move(fd)), wake_(wake), script_(std::move(script)) {}

  int fd() const override { return fd_.get(); }
  bool for_writing() const override { return false; }
  TimePoint wake() const override { return wake_; }
  bool Step(bool ready) override { return script_(*this, ready); }

  net::Fd fd_;
  TimePoint wake_;

 private:
  Script script_;
};

struct Pipe {
  net::Fd reading;
  net::Fd writing;
};

Pipe MakePipe() {
  int fds[2] = {-1, -1};
  REQUIRE(::pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0);
  return {net::Fd(fds[0]), net::Fd(fds[1])};
}

void Say(const net::Fd& fd) { REQUIRE(::write(fd.get(), "x", 1) == 1); }

std::string Take(const net::Fd& fd) {
  char buffer[16];
  const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
  return std::string(buffer, count > 0 ? static_cast<std::size_t>(count) : 0);
}

// Counted up in the loop's thread, awaited in the test's.
class Counter {
 public:
  void Add() {
    const MutexLock lock(mutex_);
    ++count_;
    changed_.NotifyAll();
  }
  void Wait(int count) {
    const MutexLock lock(mutex_);
    while (count_ < count) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int count_ DERP_GUARDED_BY(mutex_) = 0;
};

using Gate = Counter;

const SystemClock kClock;

TimePoint Never() { return kClock.Now() + 1h; }

}  // namespace

TEST_CASE("thousands of waiters step in the order of their times", "[diagnosis][poll]") {
  constexpr int kMany = 3000;
  PollLoop loop(kClock);
  Counter counter;
  std::vector<int> order;  // of the loop's thread until the counter is full
  Gate entered;            // the loop is busy before they come
  Gate gate;               // all are there before the first one steps
  loop.Add(std::make_unique<ScriptedWaiter>(net::Fd(), kClock.Now(), [&](ScriptedWaiter&, bool) {
    entered.Add();
    gate.Wait(1);
    return false;
  }));
  entered.Wait(1);
  const TimePoint start = kClock.Now();
  for (int i = 0; i < kMany; ++i) {
    const int place = (i * 7) % kMany;  // not in the order of their times
    loop.Add(std::make_unique<ScriptedWaiter>(
        net::Fd(), start + place * 1ns, [&order, &counter, place](ScriptedWaiter&, bool ready) {
          if (!ready) order.push_back(place);
          counter.Add();
          return false;
        }));
  }
  gate.Add();
  counter.Wait(kMany);
  CHECK(order.size() == kMany);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("a waiter that goes on waits for the next event and its new time", "[diagnosis][poll]") {
  PollLoop loop(kClock);
  Counter counter;
  Pipe pipe = MakePipe();
  std::vector<bool> steps;
  loop.Add(std::make_unique<ScriptedWaiter>(
      std::move(pipe.reading), Never(), [&](ScriptedWaiter& waiter, bool ready) {
        steps.push_back(ready);
        Take(waiter.fd_);
        if (steps.size() == 2) waiter.wake_ = kClock.Now();  // its time has come now
        const bool goes_on = steps.size() < 3;
        counter.Add();
        return goes_on;
      }));
  Say(pipe.writing);
  counter.Wait(1);
  Say(pipe.writing);
  counter.Wait(3);
  CHECK(steps == std::vector<bool>{true, true, false});
}

TEST_CASE("a descriptor may be handed from one waiter to the next", "[diagnosis][poll]") {
  PollLoop loop(kClock);
  Counter counter;
  Pipe pipe = MakePipe();
  Say(pipe.writing);
  std::string taken;
  loop.Add(std::make_unique<ScriptedWaiter>(
      std::move(pipe.reading), Never(), [&](ScriptedWaiter& first, bool) {
        Take(first.fd_);
        loop.Add(std::make_unique<ScriptedWaiter>(std::move(first.fd_), Never(),
                                                  [&](ScriptedWaiter& second, bool ready) {
                                                    if (ready) taken = Take(second.fd_);
                                                    counter.Add();
                                                    return false;
                                                  }));
        counter.Add();
        return false;
      }));
  counter.Wait(1);
  Say(pipe.writing);
  counter.Wait(2);
  CHECK(taken == "x");
}

TEST_CASE("a waiter whose number came back hears nothing of the one before", "[diagnosis][poll]") {
  PollLoop loop(kClock);
  Counter counter;
  for (int i = 0; i < 20; ++i) {
    Pipe pipe = MakePipe();  // gets the numbers of the pipe before
    Say(pipe.writing);
    loop.Add(std::make_unique<ScriptedWaiter>(std::move(pipe.reading), Never(),
                                              [&](ScriptedWaiter& waiter, bool ready) {
                                                if (ready && Take(waiter.fd_) == "x") counter.Add();
                                                return false;
                                              }));
    counter.Wait(i + 1);
  }
}

TEST_CASE("a stopped loop takes waiters and steps none", "[diagnosis][poll]") {
  PollLoop loop(kClock);
  loop.Stop();
  bool stepped = false;
  loop.Add(std::make_unique<ScriptedWaiter>(net::Fd(), kClock.Now(), [&](ScriptedWaiter&, bool) {
    stepped = true;
    return false;
  }));
  loop.Stop();
  CHECK_FALSE(stepped);
}
