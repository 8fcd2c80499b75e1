#include "derpprobe/alerts/alert_queue.h"

#include <functional>

#include <catch2/catch.hpp>

namespace derp {

using probe::AlertFailure;
using probe::AlertQueue;
using probe::AlertQueueOptions;

namespace {

constexpr auto kDeadline = std::chrono::seconds(20);
constexpr auto kLong = std::chrono::hours(1);

// What a sink was given, and what it answers.
struct Receiver {
  using Answer = std::function<Expected<void, AlertFailure>(const std::string&, int tries)>;

  Answer answer = [](const std::string&, int) { return Expected<void, AlertFailure>(); };
  Mutex mutex;
  CondVar changed;
  std::vector<std::string> got;
  bool held = false;  // deliveries wait while it is set

  bool WaitGot(std::size_t count) {
    const MutexLock lock(mutex);
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (got.size() < count) {
      if (!changed.WaitUntil(mutex, deadline)) return false;
    }
    return true;
  }
  void Release() {
    const MutexLock lock(mutex);
    held = false;
    changed.NotifyAll();
  }
};

class FakeSink final : public probe::AlertSink {
 public:
  explicit FakeSink(Receiver& receiver) : receiver_(receiver) {}
  std::string_view name() const override { return "fake"; }
  Expected<void, AlertFailure> Deliver(const std::string& json, TimePoint) override {
    int tries = 0;
    {
      const MutexLock lock(receiver_.mutex);
      receiver_.got.push_back(json);
      tries = static_cast<int>(receiver_.got.size());
      receiver_.changed.NotifyAll();
      while (receiver_.held) receiver_.changed.Wait(receiver_.mutex);
    }
    return receiver_.answer(json, tries);
  }

 private:
  Receiver& receiver_;
};

struct Fixture {
  Receiver receiver;
  const SystemClock clock;
  Mutex mutex;
  CondVar changed;
  std::vector<std::string> logged;
  Logger logger{[this](LogLevel, std::string_view text) {
    const MutexLock lock(mutex);
    logged.emplace_back(text);
    changed.NotifyAll();
  }};

  bool WaitLogged(std::size_t count) {
    const MutexLock lock(mutex);
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (logged.size() < count) {
      if (!changed.WaitUntil(mutex, deadline)) return false;
    }
    return true;
  }

  std::unique_ptr<AlertQueue> Queue(AlertQueueOptions options) {
    return std::make_unique<AlertQueue>(std::make_unique<FakeSink>(receiver), std::move(options),
                                        clock, logger);
  }
};

Expected<void, AlertFailure> No(bool worth_retrying) {
  return Fail(AlertFailure{Error{ErrorCode::kRefused, "not now", 0}, worth_retrying});
}

}  // namespace

TEST_CASE("events are delivered in their order", "[alerts]") {
  Fixture fixture;
  const auto queue = fixture.Queue({});
  for (const char* text : {"a", "b", "c"}) queue->Push(text);
  REQUIRE(fixture.receiver.WaitGot(3));
  queue->Stop();
  CHECK(fixture.receiver.got == std::vector<std::string>{"a", "b", "c"});
  CHECK(queue->counts().sent == 3);
  CHECK(fixture.logged.empty());
}

TEST_CASE("a failure worth another try is tried again until the pauses are used up", "[alerts]") {
  Fixture fixture;
  fixture.receiver.answer = [](const std::string&, int) { return No(true); };
  const auto queue = fixture.Queue({.pauses = {Duration(1), Duration(1)}});
  queue->Push("a");
  REQUIRE(fixture.receiver.WaitGot(3));
  queue->Stop();
  CHECK(fixture.receiver.got.size() == 3);
  CHECK(queue->counts().failed == 1);
  CHECK(queue->counts().sent == 0);
  REQUIRE(fixture.logged.size() == 3);
  CHECK(fixture.logged[0] == "alert fake: not now; tried again later");
  CHECK(fixture.logged[2] == "alert fake: not now; given up");
}

TEST_CASE("a try that passes later counts as sent", "[alerts]") {
  Fixture fixture;
  fixture.receiver.answer = [](const std::string&, int tries) {
    return tries < 3 ? No(true) : Expected<void, AlertFailure>();
  };
  const auto queue = fixture.Queue({.pauses = {Duration(1), Duration(1)}});
  queue->Push("a");
  REQUIRE(fixture.receiver.WaitGot(3));
  queue->Stop();
  CHECK(queue->counts().sent == 1);
  CHECK(queue->counts().failed == 0);
}

TEST_CASE("a failure that is final is not tried again", "[alerts]") {
  Fixture fixture;
  fixture.receiver.answer = [](const std::string&, int) { return No(false); };
  const auto queue = fixture.Queue({.pauses = {Duration(1)}});
  queue->Push("a");
  queue->Push("b");
  REQUIRE(fixture.receiver.WaitGot(2));
  queue->Stop();
  CHECK(fixture.receiver.got.size() == 2);
  CHECK(queue->counts().failed == 2);
}

TEST_CASE("when too many wait the oldest goes", "[alerts]") {
  Fixture fixture;
  fixture.receiver.held = true;
  const auto queue = fixture.Queue({.most_waiting = 2});
  queue->Push("under way");
  REQUIRE(fixture.receiver.WaitGot(1));
  for (const char* text : {"a", "b", "c"}) queue->Push(text);
  fixture.receiver.Release();
  REQUIRE(fixture.receiver.WaitGot(3));
  queue->Stop();
  CHECK(fixture.receiver.got == std::vector<std::string>{"under way", "b", "c"});
  CHECK(queue->counts().dropped == 1);
  CHECK(queue->counts().sent == 3);
}

TEST_CASE("stopping ends a pause, tries what waits once, and drops the rest", "[alerts]") {
  Fixture fixture;
  fixture.receiver.answer = [](const std::string&, int) { return No(true); };
  const auto queue = fixture.Queue({.pauses = {kLong}});
  queue->Push("a");
  queue->Push("b");
  REQUIRE(fixture.WaitLogged(1));  // the first try is over, its pause begins
  queue->Stop();
  CHECK(fixture.receiver.got == std::vector<std::string>{"a", "a", "b"});
  CHECK(queue->counts().failed == 2);

  Receiver& receiver = fixture.receiver;
  receiver.got.clear();
  receiver.held = true;
  const auto without_time = fixture.Queue({.at_stop = Duration::zero()});
  without_time->Push("c");
  REQUIRE(receiver.WaitGot(1));
  without_time->Push("d");
  std::thread stopper([&] { without_time->Stop(); });
  receiver.Release();
  stopper.join();
  CHECK(without_time->counts().dropped + without_time->counts().failed == 2);
}

}  // namespace derp
