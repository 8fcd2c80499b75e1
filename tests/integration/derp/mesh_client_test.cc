// The mesh client on a real loop and real loopback sockets; the test plays the other relay.
#include "common/derp/mesh_client.h"

#include <algorithm>
#include <functional>
#include <thread>

#include <catch2/catch.hpp>

#include "common/base/mutex.h"
#include "tests/integration/derp/relay_side.h"
#include "tests/support/fake_resolver.h"
#include "tests/unit/common/derp/golden.h"

using namespace derp;
using State = MeshClient::State;

namespace {

const Logger kQuiet([](LogLevel, std::string_view) {});

// A mesh client in a thread of its own, and what it announced.
class Link {
 public:
  explicit Link(MeshClientOptions options,
                std::shared_ptr<net::Resolver> resolver = std::make_shared<test::FakeResolver>())
      : client_(std::move(options),
                {.present =
                     [this](const wire::PeerPresent& message) {
                       Note("+" + message.peer.ShortString());
                     },
                 .gone =
                     [this](const wire::PeerGone& message) {
                       Note("-" + message.peer.ShortString() + " " +
                            std::to_string(static_cast<int>(message.reason)));
                     }},
                loop_, std::move(resolver), random_, kQuiet) {
    client_.Start();
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~Link() {
    loop_.Post([this] { client_.Stop(); });
    loop_.Post([this] { loop_.Stop(); });
    thread_.join();
  }

  // Waits for the loop to have done `what`.
  void InLoop(const std::function<void(MeshClient&)>& what) {
    MutexLock lock(mutex_);
    bool done = false;
    loop_.Post([&] {
      what(client_);
      MutexLock inner(mutex_);
      done = true;
      changed_.NotifyAll();
    });
    while (!done) changed_.Wait(mutex_);
  }
  bool Until(const std::function<bool(MeshClient&)>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    bool met = false;
    while (!met && std::chrono::steady_clock::now() < deadline)
      InLoop([&](MeshClient& client) { met = condition(client); });
    return met;
  }
  bool UntilState(State state) {
    return Until([state](MeshClient& client) { return client.state() == state; });
  }
  // Waits for the `count`th event and gives it.
  std::string Event(std::size_t index) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    MutexLock lock(mutex_);
    while (notes_.size() <= index)
      if (!changed_.WaitUntil(mutex_, deadline)) return "nothing";
    return notes_[index];
  }
  MeshCounters Counters() {
    MeshCounters counters;
    InLoop([&](MeshClient& client) { counters = client.counters(); });
    return counters;
  }

 private:
  void Note(std::string text) {
    MutexLock lock(mutex_);
    notes_.push_back(std::move(text));
    changed_.NotifyAll();
  }

  net::EventLoop loop_;
  SystemRandom random_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> notes_;
  MeshClient client_;
  std::thread thread_;
};

struct Fixture {
  test::Golden golden;
  NodePrivate server = golden.Secret("server");

  MeshClientOptions Options(const std::string& url) const {
    return {.url = RelayUrl::Parse(url).value(),
            .key = golden.Secret("mesh_node"),
            .mesh_key = [key = golden.Mesh()] { return key; },
            .retry_delay = [](unsigned) { return std::chrono::milliseconds(1); }};
  }
  MeshClientOptions Plain(const test::RelayListener& listener) const {
    return Options("http://127.0.0.1:" + std::to_string(listener.port()) + "/derp");
  }
  MeshClientOptions Tls(const test::RelayListener& listener, const test::TestTls& tls) const {
    MeshClientOptions options =
        Options("https://127.0.0.1:" + std::to_string(listener.port()) + "/derp");
    options.roots = [pem = tls.pem] { return net::RootStore::Only(pem).value(); };
    return options;
  }
};

}  // namespace

TEST_CASE("a link logs in with the relay's key and the mesh key, and watches", "[derp][mesh]") {
  Fixture f;
  test::RelayListener listener;
  Link link(f.Plain(listener));
  test::RelaySide relay = listener.Accept();
  const auto login = relay.LogIn(f.server);
  CHECK(login.key == f.golden.Secret("mesh_node").Public());
  REQUIRE(login.info.mesh_key);
  CHECK(login.info.mesh_key->ConstantTimeEquals(f.golden.Mesh()));
  CHECK(relay.ReadFrame().type == wire::FrameType::kWatchConns);
  CHECK(link.UntilState(State::kUp));
}

TEST_CASE("present and gone are announced, and packets forwarded in order", "[derp][mesh]") {
  Fixture f;
  test::RelayListener listener;
  Link link(f.Plain(listener));
  test::RelaySide relay = listener.Accept();
  relay.LogIn(f.server);
  CHECK(relay.ReadFrame().type == wire::FrameType::kWatchConns);
  relay.Send(f.golden.Frame("peer_present_mesh_peer"));
  relay.Send(f.golden.Frame("peer_present_ipv6"));
  relay.Send(f.golden.Frame("recv_packet"));
  relay.Send(f.golden.Frame("peer_gone_disconnected"));
  CHECK(link.Event(0) == "+[JE/ju]");
  CHECK(link.Event(1) == "+[ZLEBs]");
  CHECK(link.Event(2) == "-[WGmv9] 0");
  const NodePublic a = f.golden.Secret("client_a").Public();
  const NodePublic b = f.golden.Secret("client_b").Public();
  link.InLoop([&](MeshClient& client) {
    for (std::uint8_t i = 0; i < 100; ++i) client.ForwardPacket(a, b, Bytes(2000, i));
  });
  for (std::uint8_t i = 0; i < 100; ++i) {
    const auto frame = relay.ReadFrame();
    REQUIRE(frame.type == wire::FrameType::kForwardPacket);
    const auto message = wire::DecodeForwardPacket(frame.payload).value();
    CHECK(message.source == a);
    CHECK(message.destination == b);
    CHECK(std::ranges::equal(message.packet, Bytes(2000, i)));
  }
  CHECK(link.Counters().packets_forwarded == 100);
}

TEST_CASE("a broken link takes back what it announced and comes again", "[derp][mesh]") {
  Fixture f;
  test::RelayListener listener;
  Link link(f.Plain(listener));
  for (std::size_t round = 0; round < 10; ++round) {
    CAPTURE(round);
    test::RelaySide relay = listener.Accept();
    relay.LogIn(f.server);
    CHECK(relay.ReadFrame().type == wire::FrameType::kWatchConns);
    relay.Send(f.golden.Frame("peer_present_ipv6"));
    CHECK(link.Event(2 * round) == "+[ZLEBs]");
    if (round % 2 == 0) {
      relay.Close();
    } else {
      relay.Send(Bytes{0x05, 0xff, 0xff, 0xff, 0xff});  // a frame nobody can follow
      CHECK(relay.AtEnd());
    }
    CHECK(link.Event(2 * round + 1) == "-[ZLEBs] 240");
  }
  CHECK(link.Until([](MeshClient& client) { return client.counters().failures >= 10; }));
  CHECK(link.Counters().connects == 10);
}

TEST_CASE("over TLS the meta certificate saves the wait", "[derp][mesh]") {
  Fixture f;
  const auto tls = test::MakeTestTls({"127.0.0.1"}, f.server.Public());
  test::RelayListener listener(tls.context);
  Link link(f.Tls(listener, tls));
  test::RelaySide relay = listener.Accept();
  relay.LogIn(f.server);
  CHECK(relay.head().find("Derp-Fast-Start: 1") != std::string::npos);
  CHECK(relay.head().find("Host: 127.0.0.1:" + std::to_string(listener.port()) + "\r\n") !=
        std::string::npos);
  CHECK(relay.ReadFrame().type == wire::FrameType::kWatchConns);
  relay.Send(f.golden.Frame("peer_present_ipv6"));
  CHECK(link.Event(0) == "+[ZLEBs]");
}

TEST_CASE("without a meta certificate, or below TLS 1.3, the upgrade is the normal one",
          "[derp][mesh]") {
  Fixture f;
  const bool with_meta = GENERATE(true, false);
  const auto tls =
      test::MakeTestTls({"127.0.0.1"}, with_meta ? std::optional(f.server.Public()) : std::nullopt,
                        with_meta ? net::TlsVersions::kOnly12 : net::TlsVersions::kOnly13);
  test::RelayListener listener(tls.context);
  Link link(f.Tls(listener, tls));
  test::RelaySide relay = listener.Accept();
  relay.LogIn(f.server);
  CHECK(relay.head().find("Derp-Fast-Start") == std::string::npos);
  CHECK(link.UntilState(State::kUp));
}

TEST_CASE("a certificate nobody trusts gets no login, until the anchors are reloaded",
          "[derp][mesh]") {
  Fixture f;
  const auto tls = test::MakeTestTls({"127.0.0.1"}, f.server.Public());
  const auto other = test::MakeTestTls({"127.0.0.1"}, std::nullopt);
  test::RelayListener listener(tls.context);
  auto options = f.Tls(listener, tls);
  int dials = 0;
  options.roots = [&] { return net::RootStore::Only(dials++ == 0 ? other.pem : tls.pem).value(); };
  Link link(std::move(options));
  test::RelaySide refused = listener.Accept();
  CHECK(refused.AtEnd());
  test::RelaySide accepted = listener.Accept();
  accepted.LogIn(f.server);
  CHECK(link.UntilState(State::kUp));
  CHECK(dials == 2);
}

TEST_CASE("a link that leads to the relay itself ends for good without a login", "[derp][mesh]") {
  Fixture f;
  const bool use_tls = GENERATE(true, false);
  const NodePrivate own = f.golden.Secret("mesh_node");
  const auto tls = test::MakeTestTls({"127.0.0.1"}, own.Public());
  test::RelayListener listener(use_tls ? tls.context : nullptr);
  Link link(use_tls ? f.Tls(listener, tls) : f.Plain(listener));
  test::RelaySide relay = listener.Accept();
  if (!use_tls) {
    relay.ReadHead();
    Bytes greeting;
    AppendText(greeting, wire::UpgradeReplyText(own.Public()));
    wire::AppendServerKey(greeting, own.Public());
    relay.Send(greeting);
  }
  CHECK(relay.AtEnd());
  CHECK(link.UntilState(State::kConnectedSelf));
  CHECK(link.Counters().failures == 0);
}

TEST_CASE("packets are dropped and counted while the link is down", "[derp][mesh]") {
  Fixture f;
  auto options = f.Options("http://relay.invalid/derp");
  options.retry_delay = [](unsigned) { return std::chrono::hours(1); };
  Link link(std::move(options));
  CHECK(link.UntilState(State::kWaiting));
  link.InLoop([&](MeshClient& client) {
    client.ForwardPacket(f.server.Public(), f.server.Public(), Bytes(10));
  });
  CHECK(link.Counters().packets_dropped_down == 1);
}

TEST_CASE("a peer that does not read fills the queue, then is given up", "[derp][mesh]") {
  Fixture f;
  test::RelayListener listener;
  auto options = f.Plain(listener);
  options.write_timeout = std::chrono::seconds(1);
  options.retry_delay = [](unsigned) { return std::chrono::hours(1); };
  Link link(std::move(options));
  test::RelaySide relay = listener.Accept();
  relay.LogIn(f.server);
  REQUIRE(link.UntilState(State::kUp));
  const Bytes packet(60'000, 1);
  CHECK(link.Until([&](MeshClient& client) {
    client.ForwardPacket(f.server.Public(), f.server.Public(), packet);
    return client.counters().packets_dropped_full > 0;
  }));
  CHECK(link.UntilState(State::kWaiting));
}

TEST_CASE("a relay that is silent too long is given up", "[derp][mesh]") {
  Fixture f;
  test::RelayListener listener;
  auto options = f.Plain(listener);
  SECTION("before the login") { options.connect_timeout = std::chrono::milliseconds(50); }
  SECTION("after it") { options.read_timeout = std::chrono::milliseconds(50); }
  const bool logs_in = options.read_timeout < std::chrono::seconds(1);
  Link link(std::move(options));
  test::RelaySide relay = listener.Accept();
  if (logs_in) relay.LogIn(f.server);
  CHECK(relay.AtEnd());
  test::RelaySide again = listener.Accept();
  again.LogIn(f.server);
  CHECK(link.Until([](MeshClient& client) { return client.counters().connects > 0; }));
}

TEST_CASE("the dial host is connected to, the URL's host is asked for", "[derp][mesh]") {
  Fixture f;
  const auto tls = test::MakeTestTls({"relay.example"}, f.server.Public());
  test::RelayListener listener(tls.context);
  auto options = f.Tls(listener, tls);
  options.url.host = "relay.example";
  options.dial_host = "inside.example";
  const auto resolver = std::make_shared<test::FakeResolver>(
      std::map<std::string, std::vector<IpAddress>, std::less<>>{
          {"inside.example", {*IpAddress::Parse("127.0.0.99"), *IpAddress::Parse("127.0.0.1")}}});
  Link link(std::move(options), resolver);
  test::RelaySide relay = listener.Accept();
  relay.LogIn(f.server);
  CHECK(relay.head().find("Host: relay.example:") != std::string::npos);
  CHECK(link.UntilState(State::kUp));
}

namespace {

// Answers only when it is told to.
class StuckResolver final : public net::Resolver {
 public:
  Expected<std::vector<IpAddress>, net::DnsError> Resolve(std::string_view,
                                                          std::optional<AddressFamily>,
                                                          TimePoint) override {
    MutexLock lock(mutex_);
    asked_ = true;
    changed_.NotifyAll();
    while (!released_) changed_.Wait(mutex_);
    left_ = true;
    changed_.NotifyAll();
    return std::vector<IpAddress>{IpAddress()};
  }
  void AwaitQuestion() {
    MutexLock lock(mutex_);
    while (!asked_) changed_.Wait(mutex_);
  }
  void Release() {
    MutexLock lock(mutex_);
    released_ = true;
    changed_.NotifyAll();
    while (!left_) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool asked_ DERP_GUARDED_BY(mutex_) = false;
  bool released_ DERP_GUARDED_BY(mutex_) = false;
  bool left_ DERP_GUARDED_BY(mutex_) = false;
};

}  // namespace

TEST_CASE("a link can be dropped while DNS hangs", "[derp][mesh]") {
  Fixture f;
  const auto resolver = std::make_shared<StuckResolver>();
  {
    Link link(f.Options("http://relay.example/derp"), resolver);
    resolver->AwaitQuestion();
  }
  resolver->Release();
}
