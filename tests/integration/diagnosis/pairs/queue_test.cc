// Queuing delay of pairs: over a real relay, and over relays that fail as told.
#include <catch2/catch.hpp>

#include "tests/integration/diagnosis/pairs/echo_relay.h"
#include "tests/integration/diagnosis/pairs/pair_fixture.h"

using namespace derp;
using namespace derp::diagnosis;
using namespace derp::test;
using namespace std::chrono_literals;

namespace {

struct Alone : PairFixture {
  Alone() { context.node_key = NodePrivate::Generate(random); }

  QueueReport Over(const EchoRelay& relay, const QueueAsked& asked, Duration duration) {
    return Queue(Task(relay.Node(), relay.Node()), asked, duration);
  }
};

// Told once by another thread; waited for with a bound.
class Signal {
 public:
  void Give() {
    const MutexLock lock(mutex_);
    given_ = true;
    changed_.NotifyAll();
  }
  bool Wait() {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    const MutexLock lock(mutex_);
    while (!given_) {
      if (!changed_.WaitUntil(mutex_, until)) return given_;
    }
    return true;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool given_ DERP_GUARDED_BY(mutex_) = false;
};

}  // namespace

TEST_CASE("a steady stream over a relay loses nothing and has percentiles", "[pairs]") {
  const RelayFixture relay;
  PairFixture f;
  const auto node = PairFixture::Node(relay, "1a");
  const QueueReport report = f.Queue(PairFixture::Task(node, node), {50, kPatience}, 500ms);
  INFO(report.error);
  CHECK(report.error.empty());
  CHECK(report.lost == 0);
  CHECK(report.received >= 5);
  CHECK(report.received <= 26);
  REQUIRE(report.p50);
  REQUIRE(report.p99);
  CHECK(*report.p50 <= *report.p99);
  CHECK(*report.p99 <= *report.most);
  CHECK(report.took >= 500ms);
}

TEST_CASE("packets that never come back are lost once they are old", "[pairs]") {
  Alone f;
  const EchoRelay relay([](ByteView packet, int number, int) {
    return number % 2 == 1 ? std::nullopt : Unchanged(packet, number, 0);
  });
  const QueueReport report = f.Over(relay, {100, 300ms}, 400ms);
  CHECK(report.lost > 0);
  CHECK(report.received > 0);
  CHECK(report.lost <= report.received + 1);
  CHECK(report.error.empty());
}

TEST_CASE("what is under way when a connection breaks counts as lost, and a new one is made",
          "[pairs]") {
  Alone f;
  // The first connection swallows everything and ends; the second works.
  const EchoRelay relay([](ByteView packet, int number, int index) -> std::optional<Bytes> {
    if (index > 0) return Unchanged(packet, number, 0);
    if (number == 4) throw std::runtime_error("the relay goes");
    return std::nullopt;
  });
  QueueStats stats;
  Signal ended;
  Signal healthy;
  std::string error;
  const auto task = PairFixture::Task(relay.Node(), relay.Node());
  const auto ticket = f.engine().FollowQueue(task, {100, kPatience}, stats,
                                             {.healthy = [&] { healthy.Give(); },
                                              .ended =
                                                  [&](const Error& why, Duration) {
                                                    error = why.context;
                                                    ended.Give();
                                                  }});
  REQUIRE(ended.Wait());
  CHECK_FALSE(error.empty());
  CHECK(stats.totals().dropped >= 5);
  CHECK(healthy.Wait());
  CHECK(stats.totals().delays.count() >= 1);
  f.engine().Cancel(ticket);
}

TEST_CASE("a stream that broke is told even when the next connection stands at the end",
          "[pairs]") {
  Alone f;
  const EchoRelay relay([](ByteView packet, int number, int index) {
    if (index == 0 && number == 1) throw std::runtime_error("the relay goes");
    return Unchanged(packet, number, 0);
  });
  const QueueReport report = f.Over(relay, {100, kPatience}, 2s);  // a new try comes within 1 s
  CHECK_FALSE(report.error.empty());
  CHECK(report.lost >= 1);
  CHECK(report.received > 1);
}

TEST_CASE("a relay that refuses every login ends a bounded stream with the reason", "[pairs]") {
  Alone f;
  const FaultyRelay relay([](net::Fd fd, int) { fd.Close(); });
  const QueueReport report =
      f.Queue(PairFixture::Task(relay.Node(), relay.Node()), {10, 1s}, 100ms);
  CHECK_FALSE(report.error.empty());
  CHECK(report.received == 0);
  CHECK(report.took < 13s);
}
