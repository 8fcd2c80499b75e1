// How other threads wake a loop: whatever they leave is seen, however their calls fall together
// with the loop's going to sleep.
#include <array>
#include <atomic>
#include <semaphore>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "common/net/event_loop.h"

namespace derp::net {
namespace {

constexpr int kThreads = 4;
constexpr auto kPatience = std::chrono::seconds(20);  // for what comes within microseconds

// Runs `work(i)` in thread i of kThreads beside the loop, and stops the loop after the last.
template <typename Work>
void RunBeside(EventLoop& loop, Work work) {
  std::atomic<int> left = kThreads;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      work(static_cast<std::size_t>(i));
      if (--left == 0) loop.Stop();
    });
  }
  loop.Run();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("a post to a loop that falls asleep is not lost", "[net]") {
  constexpr int kEach = 500;
  EventLoop loop;
  std::array<std::vector<int>, kThreads> seen;
  std::atomic<int> lost = 0;
  // Each waits for its task before it posts the next, so the loop sleeps again and again.
  RunBeside(loop, [&](std::size_t thread) {
    std::binary_semaphore ran{0};
    for (int i = 0; i < kEach; ++i) {
      loop.Post([&, thread, i] {
        seen[thread].push_back(i);
        ran.release();
      });
      if (!ran.try_acquire_for(kPatience)) {
        ++lost;
        ran.acquire();  // Stop() brings it: `ran` must outlive the task.
      }
    }
  });
  CHECK(lost == 0);
  for (const auto& numbers : seen) {
    REQUIRE(numbers.size() == kEach);
    for (int i = 0; i < kEach; ++i) CHECK(numbers[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("many posts at once all run, in order per thread, in few turns", "[net]") {
  constexpr int kEach = 5'000;
  EventLoop loop;
  int turns = 0;
  loop.OnTurnEnd([&] { ++turns; });
  std::array<int, kThreads> next{};
  bool ordered = true;
  RunBeside(loop, [&](std::size_t thread) {
    for (int i = 0; i < kEach; ++i) {
      loop.Post([&, thread, i] { ordered = ordered && next[thread]++ == i; });
    }
  });
  CHECK(ordered);
  for (const int count : next) CHECK(count == kEach);
  CHECK(turns <= kThreads * kEach + 1);
}

TEST_CASE("what is left for the turn's end before a wake-up is seen by it", "[net]") {
  constexpr int kEach = 500;
  struct Box {
    std::atomic<bool> full = false;
    std::binary_semaphore taken{0};
  };
  EventLoop loop;
  std::array<Box, kThreads> boxes;
  loop.OnTurnEnd([&] {
    for (Box& box : boxes) {
      if (box.full.exchange(false)) box.taken.release();
    }
  });
  std::atomic<int> lost = 0;
  RunBeside(loop, [&](std::size_t thread) {
    for (int i = 0; i < kEach && lost == 0; ++i) {
      boxes[thread].full = true;
      loop.Wake();
      if (!boxes[thread].taken.try_acquire_for(kPatience)) ++lost;
    }
  });
  CHECK(lost == 0);
}

TEST_CASE("a thousand wake-ups of a busy loop are one turn", "[net]") {
  EventLoop loop;
  int turns = 0;
  loop.OnTurnEnd([&] {
    if (++turns == 2) loop.Post([&] { loop.Stop(); });  // the loop is about to sleep
  });
  loop.Post([&] {
    std::thread other([&] {
      for (int i = 0; i < 1000; ++i) loop.Wake();
    });
    other.join();
  });
  loop.Run();
  CHECK(turns == 3);  // that of the task, that of all the wake-ups, that of stopping
}

}  // namespace derp::net
