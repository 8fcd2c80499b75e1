// Bandwidth of pairs: over real relays, and over relays that fail as told.
#include <catch2/catch.hpp>

#include "tests/integration/diagnosis/pairs/echo_relay.h"
#include "tests/integration/diagnosis/pairs/pair_fixture.h"

using namespace derp;
using namespace derp::diagnosis;
using namespace derp::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

// Alone with itself: a pair of one client.
struct Alone : PairFixture {
  Alone() { context.node_key = NodePrivate::Generate(random); }

  TransferReport Over(const EchoRelay& relay, std::int64_t size, Duration timeout = kPatience) {
    return Transfer(Task(relay.Node(), relay.Node()), {size, timeout});
  }
};

}  // namespace

TEST_CASE("a transfer between two clients of one relay arrives whole", "[pairs]") {
  const RelayFixture relay;
  PairFixture f;
  const auto node = PairFixture::Node(relay, "1a");
  const TransferReport report = f.Transfer(PairFixture::Task(node, node), {1'000'000, kPatience});
  INFO(report.error);
  CHECK(report.error.empty());
  CHECK(report.received == 1'000'000);
  CHECK(report.from == "1a");
  CHECK(report.to == "1a");
  CHECK_FALSE(report.over_tun);
  CHECK(report.transfer > Duration::zero());
  CHECK(report.took > report.transfer);
  REQUIRE(report.bits_per_second);
  CHECK(*report.bits_per_second > 0);
}

TEST_CASE("a large transfer keeps its order and its window", "[pairs]") {
  const RelayFixture relay;
  PairFixture f;
  const auto node = PairFixture::Node(relay, "1a");
  const TransferReport report = f.Transfer(PairFixture::Task(node, node), {20'000'000, kPatience});
  INFO(report.error);
  CHECK(report.received == 20'000'000);
}

TEST_CASE("a transfer passes from one relay of a mesh to another", "[pairs]") {
  const MeshKey key = *MeshKey::Parse(std::string(64, '5'));
  RelayFixture a{{.mesh_key = key}};
  RelayFixture b{{.mesh_key = key}};
  a.MeshWith({&b});
  b.MeshWith({&a});
  a.WaitForMetric("derp_watchers", 1);
  b.WaitForMetric("derp_watchers", 1);
  PairFixture f;
  const TransferReport report =
      f.Transfer(PairFixture::Task(PairFixture::Node(a, "1a"), PairFixture::Node(b, "1b")),
                 {500'000, kPatience});
  INFO(report.error);
  CHECK(report.received == 500'000);
}

TEST_CASE("a name is looked up, and the known key is used where one is given", "[pairs]") {
  const RelayFixture relay;
  PairFixture f;
  f.context.node_key = NodePrivate::Generate(f.random);
  auto node = PairFixture::Node(relay, "1a");
  node.host_name = "relay.test";
  node.ipv6 = "none";
  node.cert_name = "127.0.0.1";
  f.context.roots = *net::RootStore::Only(relay.certificate_pem());
  const TransferReport report = f.Transfer(PairFixture::Task(node, node), {70'000, kPatience});
  INFO(report.error);
  CHECK(report.received == 70'000);
}

TEST_CASE("one known key does for one relay only", "[pairs]") {
  const RelayFixture relay;
  PairFixture f;
  f.context.node_key = NodePrivate::Generate(f.random);
  auto task = PairFixture::Task(PairFixture::Node(relay, "1a"), PairFixture::Node(relay, "1b"));
  const TransferReport report = f.Transfer(task, {1000, kPatience});
  CHECK_THAT(report.skipped, Contains("-key-file"));
  CHECK(report.error.empty());
  task.mesh_key = *MeshKey::Parse(std::string(64, '5'));
  CHECK(KeyObstacle(task, f.context).empty());
}

TEST_CASE("a packet that is lost on the way fails the transfer at the next one", "[pairs]") {
  Alone f;
  const EchoRelay relay([](ByteView packet, int number, int) {
    return number == 3 ? std::nullopt : Unchanged(packet, number, 0);
  });
  const TransferReport report = f.Over(relay, 1'000'000);
  CHECK_THAT(report.error, Contains("unexpected data packet 3 (out of 16)"));
  CHECK(report.received == 3 * 65536);
  CHECK_FALSE(report.bits_per_second);
}

TEST_CASE("a changed packet fails the transfer", "[pairs]") {
  Alone f;
  const EchoRelay relay([](ByteView packet, int number, int) {
    auto bytes = Unchanged(packet, number, 0);
    bytes->back() ^= 1;
    return bytes;
  });
  CHECK_THAT(f.Over(relay, 1000).error, Contains("unexpected data packet 0 (out of 1)"));
}

TEST_CASE("a last packet that never comes is a time-out, which counts what came", "[pairs]") {
  Alone f;
  const EchoRelay relay([](ByteView packet, int number, int) {
    return number == 1 ? std::nullopt : Unchanged(packet, number, 0);
  });
  const TransferReport report = f.Over(relay, 70'000, 400ms);
  CHECK_THAT(report.error, Contains("timeout: context deadline exceeded after 1 of 2 packets"));
  CHECK_THAT(report.error, Contains("] -> ["));
  CHECK(report.received == 65536);
  CHECK(report.transfer > Duration::zero());
}

TEST_CASE("at most thirty packets are under way", "[pairs]") {
  Alone f;
  std::atomic<int> arrived = 0;
  const EchoRelay relay([&arrived](ByteView, int, int) -> std::optional<Bytes> {
    ++arrived;
    return std::nullopt;
  });
  CHECK_THAT(f.Over(relay, 10'000'000, 1s).error, Contains("after 0 of 153 packets"));
  CHECK(arrived == 30);
}

TEST_CASE("the relay's own limit slows a transfer down and loses nothing", "[pairs]") {
  Alone f;
  const auto limit = [](std::int64_t rate, std::int64_t burst) {
    return wire::ServerInfo{.token_bucket_bytes_per_second = rate,
                            .token_bucket_bytes_burst = burst};
  };
  SECTION("a bucket smaller than the largest packet") {
    const EchoRelay relay(Unchanged, limit(2'000'000, 10'000));
    const TransferReport report = f.Over(relay, 300'000);
    INFO(report.error);
    CHECK(report.received == 300'000);
    CHECK(report.transfer > 100ms);
  }
  SECTION("too slow for the time there is") {
    const EchoRelay relay(Unchanged, limit(1000, 10'000));
    CHECK_THAT(f.Over(relay, 300'000, 500ms).error, Contains("at most 1000 bytes per second"));
  }
  SECTION("a bucket that holds no packet") {
    const EchoRelay relay(Unchanged, limit(1000, 10));
    CHECK_THAT(f.Over(relay, 300'000).error, Contains("no packet fits"));
  }
}

TEST_CASE("a relay that is not there, or not whom the map names, fails the connection", "[pairs]") {
  PairFixture f;
  derpmap::Node node;
  {
    const RelayFixture relay;
    node = PairFixture::Node(relay, "1a");
    auto wrong = node;
    wrong.cert_name = "sha256-raw:" + std::string(64, '0');
    const auto report = f.Transfer(PairFixture::Task(wrong, wrong), {1000, kPatience});
    CHECK_THAT(report.error, Contains("connecting to \"1a\": tls: "));
  }
  const auto report = f.Transfer(PairFixture::Task(node, node), {1000, kPatience});
  CHECK_THAT(report.error, Contains("connecting to \"1a\": ") && Contains("connection refused"));
  CHECK(report.transfer == Duration::zero());
}

TEST_CASE("a silent relay is given up when the time is over", "[pairs]") {
  PairFixture f;
  const FaultyRelay relay([](const net::Fd& fd, int) {
    const SystemClock clock;
    (void)net::WaitReadable(fd.get(), clock.Now() + kPatience);
  });
  const auto task = PairFixture::Task(relay.Node(), relay.Node());
  const auto report = f.Transfer(task, {1000, 300ms});
  CHECK_FALSE(report.error.empty());
  CHECK(report.took < 5s);
}

TEST_CASE("what is cancelled while it waits or runs never tells", "[pairs]") {
  PairFixture f;
  const FaultyRelay relay([](const net::Fd& fd, int) {
    const SystemClock clock;
    std::array<std::uint8_t, 512> bytes;
    while (net::WaitReadable(fd.get(), clock.Now() + kPatience)) {
      if (::read(fd.get(), bytes.data(), bytes.size()) <= 0) return;
    }
  });
  const auto task = PairFixture::Task(relay.Node(), relay.Node());
  std::promise<void> started;
  std::atomic<int> told = 0;
  const auto running = f.engine().Transfer(
      task, {1000, kPatience}, [&started] { started.set_value(); },
      [&told](const TransferReport&) { ++told; });
  const auto waiting = f.engine().Transfer(
      task, {1000, kPatience}, [&told] { ++told; }, [&told](const TransferReport&) { ++told; });
  started.get_future().wait();
  f.engine().Cancel(waiting);
  f.engine().Cancel(running);
  CHECK(told == 0);
}
