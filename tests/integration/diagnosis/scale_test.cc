// Many nodes at once: those that are silent hold no thread, delay nobody, and can be left behind.
#include <filesystem>

#include <catch2/catch.hpp>

#include "common/base/mutex.h"
#include "tests/integration/diagnosis/faulty_relay.h"
#include "tests/integration/diagnosis/walk_fixture.h"

using namespace derp;
using namespace derp::diagnosis;
using test::FaultyRelay;
using test::RelaySide;
using test::WalkFixture;

namespace {

constexpr std::size_t kSilent = 200;  // three times what the workers could hold

// Connections are taken by the kernel; nobody ever answers on them.
class SilentListener {
 public:
  SilentListener() : fd_(net::ListenTcp(SocketAddress::Parse("127.0.0.1:0").value(), {}).value()) {}
  std::uint16_t port() const { return net::LocalAddress(fd_.get()).value().port; }

 private:
  net::Fd fd_;
};

WalkTask Task(std::int64_t region, derpmap::Node node) {
  WalkTask task;
  task.region = "r" + std::to_string(region);
  task.region_id = region;
  task.node = std::move(node);
  task.single_in_region = true;
  task.asked = {.tls = true, .stun = false, .mesh = false, .side = false, .ws = false};
  return task;
}

std::size_t ThreadsOfThisProcess() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

// What the callbacks said, and a way to wait for it.
class Reports {
 public:
  void Node(const NodeReport& report) {
    const MutexLock lock(mutex_);
    nodes_.push_back(report);
    changed_.NotifyAll();
  }
  void Done() {
    const MutexLock lock(mutex_);
    done_ = true;
    changed_.NotifyAll();
  }
  NodeReport WaitForFirst() {
    const MutexLock lock(mutex_);
    while (nodes_.empty()) changed_.Wait(mutex_);
    return nodes_.front();
  }
  bool done() const {
    const MutexLock lock(mutex_);
    return done_;
  }
  std::size_t size() const {
    const MutexLock lock(mutex_);
    return nodes_.size();
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<NodeReport> nodes_ DERP_GUARDED_BY(mutex_);
  bool done_ DERP_GUARDED_BY(mutex_) = false;
};

}  // namespace

TEST_CASE("two hundred relays that accept and stay silent do not delay a healthy one",
          "[diagnosis][scale]") {
  const test::TestTls tls = test::MakeTestTls({"127.0.0.1"}, std::nullopt);
  const FaultyRelay healthy(tls, [](RelaySide& side, int) { side.AtEnd(); });
  const SilentListener silent;
  WalkFixture fixture;
  std::vector<WalkTask> tasks;
  for (std::size_t i = 0; i < kSilent; ++i) {
    derpmap::Node node = healthy.Node();
    node.derp_port = silent.port();
    tasks.push_back(Task(static_cast<std::int64_t>(i), node));
  }
  tasks.push_back(Task(1000, healthy.Node()));  // last of all

  Reports reports;
  {
    Measurer measurer(fixture.context);
    const std::size_t threads = ThreadsOfThisProcess();
    measurer.Start(
        std::move(tasks), [&](const NodeReport& node) { reports.Node(node); },
        [&](const Measurement&) { reports.Done(); });
    const NodeReport first = reports.WaitForFirst();
    CHECK(first.region_id == 1000);
    CHECK(first.Worst(Stage::kCert) == Outcome::kOk);
    CHECK(ThreadsOfThisProcess() <= threads + 64 + 1);  // the workers, and the relay's own thread
    CHECK(reports.size() == 1);
  }
  // The measurer is gone while two hundred walks were under way: nothing more is heard of them.
  CHECK_FALSE(reports.done());
  CHECK(reports.size() == 1);
}

TEST_CASE("relays that stay silent are all found out in the time of one", "[diagnosis][scale]") {
  const test::TestTls tls = test::MakeTestTls({"127.0.0.1"}, std::nullopt);
  const FaultyRelay pattern(tls, [](RelaySide& side, int) { side.AtEnd(); });
  const SilentListener silent;
  WalkFixture fixture;
  fixture.context.caps.tls = std::chrono::seconds(1);
  std::vector<WalkTask> tasks;
  for (std::size_t i = 0; i < kSilent; ++i) {
    derpmap::Node node = pattern.Node();
    node.derp_port = silent.port();
    tasks.push_back(Task(static_cast<std::int64_t>(i), node));
  }
  Measurer measurer(fixture.context);
  const TimePoint start = fixture.clock.Now();
  const RunReport report = Judge(measurer.Measure(std::move(tasks)));
  // One after the other in 64 threads they would take four times the cap.
  CHECK(fixture.clock.Now() - start < 3 * fixture.context.caps.tls);
  CHECK(report.counts.unusable == static_cast<int>(kSilent));
  CHECK(report.nodes.front().Find(Stage::kTls, AddressFamily::kIpv4)->code == "tls.timeout");
}

TEST_CASE("a measurement of nothing ends too", "[diagnosis][scale]") {
  WalkFixture fixture;
  Measurer measurer(fixture.context);
  CHECK(measurer.Measure({}).nodes.empty());
}
