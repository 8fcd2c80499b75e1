#include "derper/limits/fair_bucket.h"

#include <algorithm>
#include <queue>
#include <vector>

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::relay;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A source as a worker runs it: it is looked at again at the loop's millisecond after its wait, and
// handles no more than 128 KiB at a time.
struct Source {
  std::uint64_t frame = 1400;
  Duration pause{};  // between frames; 0: as fast as it may
  FairBucket::Account account{};
  std::uint64_t sent = 0;
  TimePoint wanted{};  // since when the frame waits
  Duration longest{};
};

class Simulation {
 public:
  Simulation(std::uint64_t rate, std::size_t sources)
      : rate_(rate), bucket_(rate, TimePoint()), sources_(sources) {}
  ~Simulation() {
    for (Source& source : sources_) bucket_.Leave(source.account);
  }

  Source& operator[](std::size_t i) { return sources_[i]; }

  void Run(Duration time) {
    for (Source& source : sources_) events_.push({now_, &source});
    const TimePoint end = now_ + time;
    while (events_.top().first < end) {
      Source& source = *events_.top().second;
      now_ = events_.top().first;
      events_.pop();
      events_.push({Turn(source), &source});
    }
    now_ = end;
    events_ = {};
  }

  std::uint64_t Total() const {
    std::uint64_t total = 0;
    for (const Source& source : sources_) total += source.sent;
    return total;
  }
  // What everybody together may have sent in `time`, in bytes.
  double Allowance(Duration time) const {
    return static_cast<double>(rate_) * std::chrono::duration<double>(time).count();
  }

 private:
  TimePoint Turn(Source& source) {
    constexpr std::uint64_t kTurn = 128 * 1024;
    for (std::uint64_t bytes = 0; bytes < kTurn; bytes += source.frame) {
      if (!source.account.Spend(source.frame)) {
        const Duration wait = bucket_.Take(source.account, source.frame, now_);
        if (wait > Duration::zero()) {
          return std::chrono::ceil<milliseconds>(now_ + wait) + milliseconds(1);
        }
        REQUIRE(source.account.Spend(source.frame));
      }
      source.sent += source.frame;
      source.longest = std::max(source.longest, now_ - source.wanted);
      source.wanted = now_ + source.pause;
      if (source.pause > Duration::zero()) return source.wanted;
    }
    return now_ + std::chrono::microseconds(100);
  }

  struct Later {
    bool operator()(const auto& a, const auto& b) const { return a.first > b.first; }
  };
  const std::uint64_t rate_;
  FairBucket bucket_;
  std::vector<Source> sources_;
  TimePoint now_{};
  std::priority_queue<std::pair<TimePoint, Source*>, std::vector<std::pair<TimePoint, Source*>>,
                      Later>
      events_;
};

}  // namespace

TEST_CASE("three greedy sources get a third each, whatever the size of their frames", "[limits]") {
  const std::uint64_t rate = GENERATE(200'000U, 1'000'000U, 10'000'000U, 100'000'000U);
  CAPTURE(rate);
  Simulation simulation(rate, 3);
  simulation[0].frame = 100;
  simulation[1].frame = 1432;
  simulation[2].frame = 65568;
  simulation.Run(seconds(20));
  const double allowance = simulation.Allowance(seconds(20));
  CHECK(static_cast<double>(simulation.Total()) <= 1.01 * allowance + 65568);
  CHECK(static_cast<double>(simulation.Total()) >= 0.97 * allowance);
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i, simulation[i].sent);
    CHECK(static_cast<double>(simulation[i].sent) == Approx(allowance / 3).epsilon(0.2));
  }
}

TEST_CASE("one source alone has all there is", "[limits]") {
  const std::uint64_t rate = GENERATE(10'000U, 1'000'000U, 500'000'000U);
  CAPTURE(rate);
  Simulation simulation(rate, 1);
  simulation.Run(seconds(20));
  const double allowance = simulation.Allowance(seconds(20));
  CHECK(static_cast<double>(simulation.Total()) >= 0.97 * allowance);
  CHECK(static_cast<double>(simulation.Total()) <=
        1.01 * allowance + std::max(65568.0, static_cast<double>(rate) / 10));
}

TEST_CASE("what some leave of their shares goes to those who want more", "[limits]") {
  Simulation simulation(1'000'000, 10);
  for (std::size_t i = 3; i < 10; ++i) simulation[i].pause = milliseconds(100);  // 14 kB/s each
  simulation.Run(seconds(20));
  const double allowance = simulation.Allowance(seconds(20));
  CHECK(static_cast<double>(simulation.Total()) >= 0.97 * allowance);
  double left = allowance;
  for (std::size_t i = 3; i < 10; ++i) {
    left -= static_cast<double>(simulation[i].sent);
    CHECK(simulation[i].sent >= 150 * 1400);
    CHECK(simulation[i].longest <= milliseconds(30));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(static_cast<double>(simulation[i].sent) == Approx(left / 3).epsilon(0.06));
  }
}

TEST_CASE("a modest source among a hundred greedy ones waits for a share's time", "[limits]") {
  Simulation simulation(10'000'000, 101);
  simulation[100].pause = milliseconds(200);
  simulation.Run(seconds(20));
  // A hundred shares of at least 2048 bytes take 20 ms.
  CHECK(simulation[100].longest <= milliseconds(60));
  CHECK(simulation[100].sent >= 70 * 1400);
}

TEST_CASE("of a thousand sources nobody starves", "[limits]") {
  Simulation simulation(10'000'000, 1000);
  simulation.Run(seconds(1));  // the full bucket goes to whoever comes first
  for (std::size_t i = 0; i < 1000; ++i) simulation[i].sent = 0;
  simulation.Run(seconds(20));
  const double allowance = simulation.Allowance(seconds(20));
  CHECK(static_cast<double>(simulation.Total()) >= 0.95 * allowance);
  std::uint64_t least = ~std::uint64_t{0};
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    least = std::min(least, simulation[i].sent);
    most = std::max(most, simulation[i].sent);
  }
  CHECK(static_cast<double>(least) >= 0.7 * allowance / 1000);
  CHECK(static_cast<double>(most) <= 1.4 * allowance / 1000);
}

TEST_CASE("who leaves while it waits gives back what it had", "[limits]") {
  FairBucket bucket(100'000, TimePoint());
  FairBucket::Account first, second;
  REQUIRE(bucket.Take(first, 65568, TimePoint()) == Duration::zero());
  REQUIRE(first.Spend(65568));
  REQUIRE(bucket.Take(first, 65568, TimePoint()) > Duration::zero());
  REQUIRE(bucket.Take(second, 10'000, TimePoint()) > Duration::zero());
  // Both have got something, and neither enough.
  CHECK(bucket.Take(second, 10'000, TimePoint(milliseconds(80))) > Duration::zero());
  bucket.Leave(first);
  CHECK(bucket.Take(second, 10'000, TimePoint(milliseconds(101))) == Duration::zero());
  CHECK(second.Spend(10'000));
  bucket.Leave(second);
  bucket.Leave(second);
}

TEST_CASE("an unused allowance is not saved up beyond a tenth of a second", "[limits]") {
  FairBucket bucket(10'000'000, TimePoint());
  FairBucket::Account account;
  const TimePoint later(std::chrono::hours(1));
  std::uint64_t taken = 0;
  while (bucket.Take(account, 50'000, later) == Duration::zero()) {
    REQUIRE(account.Spend(50'000));
    taken += 50'000;
  }
  CHECK(taken == 1'000'000);
  bucket.Leave(account);
}
