#include "common/net/event_loop.h"

#include <array>
#include <atomic>
#include <csignal>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "common/net/fd.h"
#include "common/net/sockets.h"

namespace derp::net {
namespace {

using std::chrono::milliseconds;

struct Pair {
  Fd a;
  Fd b;
};

Pair MakePair() {
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) == 0);
  return Pair{Fd(fds[0]), Fd(fds[1])};
}

// Ends a test that would hang.
struct Guard {
  explicit Guard(EventLoop& loop) : timer(loop, [&loop] { loop.Stop(); }) {
    timer.Start(std::chrono::seconds(20));
  }
  Timer timer;
};

TEST_CASE("tasks run in order of posting, and the turn's end follows them", "[net]") {
  EventLoop loop;
  std::vector<int> order;
  loop.OnTurnEnd([&] { order.push_back(0); });
  loop.Post([&] { order.push_back(1); });
  loop.Post([&] {
    order.push_back(2);
    loop.Post([&] {
      order.push_back(3);
      loop.Stop();
    });
  });
  loop.Run();
  REQUIRE(order.size() >= 5);
  order.resize(5);
  CHECK(order == std::vector<int>{1, 2, 0, 3, 0});
}

TEST_CASE("what a turn's end posts runs in the next turn", "[net]") {
  EventLoop loop;
  bool posted = false;
  bool ran = false;
  loop.OnTurnEnd([&] {
    if (std::exchange(posted, true)) return;
    loop.Post([&] {
      ran = true;
      loop.Stop();
    });
  });
  loop.Post([] {});
  loop.Run();
  CHECK(ran);
}

TEST_CASE("posts from other threads all arrive, in order per thread", "[net]") {
  constexpr int kThreads = 4;
  constexpr int kEach = 2'000;
  EventLoop loop;
  std::array<int, kThreads> seen{};
  bool ordered = true;
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        loop.Post([&, thread, i] {
          ordered = ordered && loop.InLoopThread() && seen[thread] == i;
          ++seen[thread];
          if (seen == std::array<int, kThreads>{kEach, kEach, kEach, kEach}) loop.Stop();
        });
      }
    });
  }
  loop.Run();
  for (auto& thread : threads) thread.join();
  CHECK(ordered);
  CHECK_FALSE(loop.InLoopThread());
}

TEST_CASE("a loop stopped from another thread runs what was posted before, and runs again",
          "[net]") {
  EventLoop loop;
  std::atomic<int> ran = 0;
  for (int round = 1; round <= 2; ++round) {
    std::thread other([&] {
      loop.Post([&] { ++ran; });
      loop.Stop();
    });
    loop.Run();
    other.join();
    CHECK(ran == round);
  }
}

TEST_CASE("a watcher tells readable and writable, and only what is wanted", "[net]") {
  EventLoop loop;
  Guard guard(loop);
  Pair pair = MakePair();
  std::vector<IoEvents> events;
  IoWatcher watcher(loop, pair.a.get(), [&](IoEvents event) {
    events.push_back(event);
    if (events.size() == 1) {
      watcher.Want(true, false);
      REQUIRE(::write(pair.b.get(), "x", 1) == 1);
    } else {
      loop.Stop();
    }
  });
  watcher.Want(true, true);
  loop.Run();
  REQUIRE(events.size() == 2);
  CHECK((!events[0].readable && events[0].writable && !events[0].error));
  CHECK((events[1].readable && !events[1].writable));
}

TEST_CASE("the turn ends once for all descriptors that were ready together", "[net]") {
  EventLoop loop;
  Guard guard(loop);
  Pair one = MakePair();
  Pair two = MakePair();
  REQUIRE(::write(one.b.get(), "x", 1) == 1);
  REQUIRE(::write(two.b.get(), "x", 1) == 1);
  int ready = 0;
  int ends = 0;
  IoWatcher first(loop, one.a.get(), [&](IoEvents) {
    ++ready;
    first.Want(false, false);
  });
  IoWatcher second(loop, two.a.get(), [&](IoEvents) {
    ++ready;
    second.Want(false, false);
  });
  first.Want(true, false);
  second.Want(true, false);
  loop.OnTurnEnd([&] {
    ++ends;
    loop.Stop();
  });
  loop.Run();
  CHECK(ready == 2);
  CHECK(ends >= 1);
  CHECK(ends <= 2);  // the stop itself may count as a turn
}

TEST_CASE("a watcher may be destroyed in its own callback", "[net]") {
  EventLoop loop;
  Guard guard(loop);
  Pair pair = MakePair();
  auto watcher = std::unique_ptr<IoWatcher>();
  watcher = std::make_unique<IoWatcher>(loop, pair.a.get(), [&](IoEvents) {
    watcher.reset();
    pair.a.Close();
    loop.Stop();
  });
  watcher->Want(false, true);
  loop.Run();
  CHECK(watcher == nullptr);
}

TEST_CASE("a broken descriptor is reported, and a UDP socket goes on afterwards", "[net]") {
  EventLoop loop;
  Guard guard(loop);
  auto closed = BindUdp(*SocketAddress::Parse("127.0.0.1:0"));
  const SocketAddress target = *LocalAddress(closed->get());
  closed->Close();
  const auto socket = BindUdp(*SocketAddress::Parse("127.0.0.1:0"));
  REQUIRE(ReportIcmpErrors(socket->get()).has_value());
  bool error = false;
  bool received = false;
  IoWatcher watcher(loop, socket->get(), [&](IoEvents event) {
    const auto got = ReceiveFrom(socket->get(), TimePoint());
    if (event.error) {
      error = true;
      CHECK(got.error().code == ErrorCode::kRefused);
      REQUIRE(SendTo(socket->get(), AsBytes("x"), *LocalAddress(socket->get())).has_value());
      return;
    }
    received = got.has_value();
    loop.Stop();
  });
  watcher.Want(true, false);
  REQUIRE(SendTo(socket->get(), AsBytes("x"), target).has_value());
  loop.Run();
  CHECK(error);
  CHECK(received);
}

TEST_CASE("timers fire in the order of their times and never early", "[net]") {
  EventLoop loop;
  Guard guard(loop);
  const SystemClock clock;
  const TimePoint start = clock.Now();
  std::vector<std::string> order;
  Duration waited{};
  Timer later(loop, [&] {
    order.push_back("later");
    waited = clock.Now() - start;
    loop.Stop();
  });
  Timer sooner(loop, [&] { order.push_back("sooner"); });
  Timer stopped(loop, [&] { order.push_back("stopped"); });
  later.Start(milliseconds(5));
  sooner.Start(milliseconds(1));
  stopped.Start(milliseconds(1));
  CHECK(stopped.active());
  stopped.Stop();
  CHECK_FALSE(stopped.active());
  loop.Run();
  CHECK(order == std::vector<std::string>{"sooner", "later"});
  CHECK(waited >= milliseconds(5));
  CHECK_FALSE(later.active());
}

TEST_CASE("a repeating timer goes on until it is destroyed in its callback", "[net]") {
  EventLoop loop;
  Guard guard(loop);
  int fired = 0;
  auto timer = std::unique_ptr<Timer>();
  timer = std::make_unique<Timer>(loop, [&] {
    if (++fired < 3) return;
    timer.reset();
    loop.Stop();
  });
  timer->Start(Duration::zero(), milliseconds(1));
  loop.Run();
  CHECK(fired == 3);
}

TEST_CASE("the loop's clock stands still within a turn", "[net]") {
  EventLoop loop;
  Guard guard(loop);
  TimePoint first;
  TimePoint second;
  loop.Post([&] {
    first = loop.Now();
    while (SystemClock().Now() == first) {
    }
    second = loop.Now();
    loop.Stop();
  });
  loop.Run();
  CHECK(first == second);
  CHECK(loop.Now() > second);
}

TEST_CASE("a signal arrives in the loop's thread", "[net]") {
  EventLoop loop;
  Guard guard(loop);
  bool seen = false;
  SignalWatcher watcher(loop, SIGUSR2, [&] {
    seen = loop.InLoopThread();
    loop.Stop();
  });
  loop.Post([] { ::raise(SIGUSR2); });
  loop.Run();
  CHECK(seen);
}

}  // namespace
}  // namespace derp::net
