// The way of a tool from a node of the map to a logged-in client, over loopback sockets; the test
// plays the relay in a thread of its own.
#include "common/derp/connect.h"

#include <functional>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/integration/derp/relay_side.h"
#include "tests/support/fake_resolver.h"
#include "tests/unit/common/derp/golden.h"

using namespace derp;

namespace {

struct Fixture {
  test::Golden golden;
  NodePrivate server = golden.Secret("server");
  test::FakeResolver resolver{{{"relay.example", {*IpAddress::Parse("127.0.0.1")}}}};
  SystemRandom random;
  SystemClock clock;

  TimePoint Deadline() const { return clock.Now() + std::chrono::seconds(10); }
  ConnectOptions Options(std::string_view trusted_pem) const {
    ConnectOptions options{.identity = {.key = golden.Secret("client_a")},
                           .roots = net::RootStore::Only(trusted_pem).value()};
    options.identity.info.mesh_key = golden.Mesh();
    return options;
  }
  Expected<std::unique_ptr<BlockingClient>, ConnectFailure> Connect(const derpmap::Node& node,
                                                                    const ConnectOptions& options) {
    return derp::Connect(node, options, {resolver, random, clock}, Deadline());
  }
};

derpmap::Node NodeAt(const test::RelayListener& listener, std::string host) {
  derpmap::Node node;
  node.name = "1a";
  node.host_name = std::move(host);
  node.ipv4 = "127.0.0.1";
  node.ipv6 = "none";
  node.derp_port = listener.port();
  return node;
}

// Plays the relay beside the test; what goes wrong there fails the test when it is joined.
class Beside {
 public:
  explicit Beside(std::function<void()> play)
      : thread_([this, play = std::move(play)] {
          try {
            play();
          } catch (const std::exception& error) {
            failure_ = error.what();
          }
        }) {}
  ~Beside() {
    if (thread_.joinable()) thread_.join();
  }
  std::string Join() {
    thread_.join();
    return failure_;
  }

 private:
  std::string failure_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a client connects by fast start, or normally below TLS 1.3, and relays",
          "[derp][connect]") {
  Fixture f;
  const bool tls13 = GENERATE(true, false);
  const auto tls = test::MakeTestTls({"relay.example"}, f.server.Public(),
                                     tls13 ? net::TlsVersions::kOnly13 : net::TlsVersions::kOnly12);
  test::RelayListener listener(tls.context);
  bool fast_start = false;
  bool had_mesh_key = false;
  Beside relay_thread([&] {
    test::RelaySide relay = listener.Accept();
    const auto login = relay.LogIn(f.server);
    had_mesh_key = login.info.mesh_key.has_value();
    fast_start = relay.head().find("Derp-Fast-Start") != std::string::npos;
    const auto frame = relay.ReadFrame();
    const auto packet = wire::DecodeSendPacket(frame.payload).value();
    Bytes answer;
    wire::AppendRecvPacket(answer, login.key, packet.packet);
    relay.Send(answer);
  });
  derpmap::Node node = NodeAt(listener, "relay.example");
  const bool by_dns = GENERATE(true, false);
  if (by_dns) node.ipv4 = "";
  auto client = f.Connect(node, f.Options(tls.pem));
  REQUIRE(client);
  CHECK((*client)->server() == f.server.Public());
  const Bytes payload(40'000, 0x5a);
  REQUIRE((*client)->Send((*client)->key(), payload, f.Deadline()));
  const auto message = (*client)->Receive(f.Deadline());
  REQUIRE(message);
  CHECK(std::ranges::equal(std::get<wire::RecvPacket>(*message).packet, payload));
  CHECK(relay_thread.Join().empty());
  CHECK(fast_start == tls13);
  CHECK(had_mesh_key);
}

TEST_CASE("a pinned self-made certificate of an IP node is accepted behind the meta certificate",
          "[derp][connect]") {
  Fixture f;
  const auto tls = test::MakeTestTls({"127.0.0.1"}, f.server.Public());
  const auto unrelated = test::MakeTestTls({"127.0.0.1"}, std::nullopt);
  test::RelayListener listener(tls.context);
  Beside relay_thread([&] { listener.Accept().LogIn(f.server); });
  derpmap::Node node = NodeAt(listener, "127.0.0.1");
  node.cert_name = "sha256-raw:" + tls.sha256;
  CHECK(f.Connect(node, f.Options(unrelated.pem)));
  CHECK(relay_thread.Join().empty());
}

TEST_CASE("a wrong pin ends at the certificate, before anything is said", "[derp][connect]") {
  Fixture f;
  const auto tls = test::MakeTestTls({"127.0.0.1"}, f.server.Public());
  test::RelayListener listener(tls.context);
  Beside relay_thread([&] {
    test::RelaySide relay = listener.Accept();
    relay.AtEnd();
  });
  derpmap::Node node = NodeAt(listener, "127.0.0.1");
  node.cert_name = "sha256-raw:" + std::string(64, '0');
  const auto client = f.Connect(node, f.Options(tls.pem));
  REQUIRE_FALSE(client);
  CHECK(client.error().stage == ConnectStage::kCertificate);
  CHECK(relay_thread.Join().empty());
}

TEST_CASE("an unverified relay does not get the mesh key", "[derp][connect]") {
  Fixture f;
  const auto tls = test::MakeTestTls({"other.example"}, f.server.Public());
  const auto unrelated = test::MakeTestTls({"127.0.0.1"}, std::nullopt);
  test::RelayListener listener(tls.context);
  bool had_mesh_key = true;
  Beside relay_thread(
      [&] { had_mesh_key = listener.Accept().LogIn(f.server).info.mesh_key.has_value(); });
  derpmap::Node node = NodeAt(listener, "relay.example");
  node.insecure_for_tests = true;
  CHECK(f.Connect(node, f.Options(unrelated.pem)));
  CHECK(relay_thread.Join().empty());
  CHECK_FALSE(had_mesh_key);
}

TEST_CASE("each stage of a connect fails under its own name", "[derp][connect]") {
  Fixture f;
  const auto tls = test::MakeTestTls({"relay.example"}, std::nullopt);
  test::RelayListener listener(tls.context);
  test::RelayListener plain;
  const derpmap::Node node = NodeAt(listener, "relay.example");
  const auto stage = [&](const derpmap::Node& at) {
    const auto client = f.Connect(at, f.Options(tls.pem));
    REQUIRE_FALSE(client);
    return client.error().stage;
  };
  SECTION("dial") {
    derpmap::Node refused = node;
    {
      const test::RelayListener gone;
      refused.derp_port = gone.port();
    }
    CHECK(stage(refused) == ConnectStage::kDial);
  }
  SECTION("tls") {
    Beside relay_thread([&] { plain.Accept().SendText("SSH-2.0-x\r\n"); });
    CHECK(stage(NodeAt(plain, "relay.example")) == ConnectStage::kTls);
  }
  SECTION("upgrade") {
    Beside relay_thread([&] {
      test::RelaySide relay = listener.Accept();
      relay.ReadHead();
      relay.SendText("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    });
    CHECK(stage(node) == ConnectStage::kUpgrade);
  }
  SECTION("greeting") {
    Beside relay_thread([&] {
      test::RelaySide relay = listener.Accept();
      relay.ReadHead();
      relay.SendText(f.golden.Http("response_101") + "nonsense");
    });
    CHECK(stage(node) == ConnectStage::kGreeting);
  }
  SECTION("login") {
    Beside relay_thread([&] {
      test::RelaySide relay = listener.Accept();
      relay.ReadHead();
      relay.Send(f.golden.Step("normal_upgrade", 1));
      relay.ReadFrame();
    });
    CHECK(stage(node) == ConnectStage::kLogin);
  }
}

TEST_CASE("an HTTP error in fast start is named as the upgrade's", "[derp][connect]") {
  Fixture f;
  const auto tls = test::MakeTestTls({"relay.example"}, f.server.Public());
  test::RelayListener listener(tls.context);
  Beside relay_thread([&] {
    test::RelaySide relay = listener.Accept();
    relay.ReadHead();
    relay.SendText("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnope\n");
    relay.ReadFrame();
  });
  const auto client = f.Connect(NodeAt(listener, "relay.example"), f.Options(tls.pem));
  REQUIRE_FALSE(client);
  CHECK(client.error().stage == ConnectStage::kUpgrade);
  CHECK(client.error().error.context.find("404") != std::string::npos);
}

TEST_CASE("the race goes on past refused addresses, within and between families", "[derp][dial]") {
  Fixture f;
  const test::RelayListener listener;
  std::uint16_t refused = 0;
  {
    const test::RelayListener gone;
    refused = gone.port();
  }
  const SocketAddress good{.ip = *IpAddress::Parse("127.0.0.1"), .port = listener.port()};
  const SocketAddress bad{.ip = *IpAddress::Parse("127.0.0.1"), .port = refused};
  const bool prefer_ipv6 = GENERATE(true, false);
  CHECK(RaceConnect({.ipv4 = {bad, good}, .ipv6 = {}}, prefer_ipv6, f.Deadline(), f.clock));
  CHECK(RaceConnect({.ipv4 = {good}, .ipv6 = {bad}}, prefer_ipv6, f.Deadline(), f.clock));
  CHECK(RaceConnect({.ipv4 = {bad}, .ipv6 = {good}}, prefer_ipv6, f.Deadline(), f.clock));
  const auto failed =
      RaceConnect({.ipv4 = {bad}, .ipv6 = {bad}}, prefer_ipv6, f.Deadline(), f.clock);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::kRefused);
  const auto late = RaceConnect({.ipv4 = {good}, .ipv6 = {}}, false, f.clock.Now(), f.clock);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::kTimeout);
}
