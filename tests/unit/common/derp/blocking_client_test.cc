#include "common/derp/blocking_client.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/fixed_random.h"
#include "tests/unit/common/derp/golden.h"
#include "tests/unit/common/derp/script_stream.h"

using namespace derp;

namespace {

struct Fixture {
  test::Golden golden;
  test::FakeClock clock;
  test::FixedRandom random{0x80};
  test::ScriptStream::Log log;
  TimePoint deadline = clock.Now() + std::chrono::seconds(1);

  BlockingClientOptions Options() const {
    return {.identity = {.key = golden.Secret("client_a"),
                         .info = {.can_ack_pings = true},
                         .preferred = false},
            .request = {.host = "derp.example.com"}};
  }
  BlockingClient Client(std::deque<Bytes> script, ErrorCode end = ErrorCode::kTimeout) {
    return Client(Options(), std::move(script), end);
  }
  BlockingClient Client(BlockingClientOptions options, std::deque<Bytes> script,
                        ErrorCode end = ErrorCode::kTimeout) {
    return {std::make_unique<test::ScriptStream>(log, std::move(script), end), std::move(options),
            random, clock};
  }
};

Bytes Concat(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) AppendBytes(all, part);
  return all;
}

}  // namespace

TEST_CASE("the golden normal upgrade is replayed byte for byte", "[derp][client]") {
  Fixture f;
  auto client = f.Client({f.golden.Step("normal_upgrade", 1), f.golden.Step("normal_upgrade", 3)});
  REQUIRE(client.Upgrade(f.deadline));
  CHECK(f.log.written == f.golden.Step("normal_upgrade", 0));
  REQUIRE(client.ReadGreeting(f.deadline));
  CHECK(client.server() == f.golden.Secret("server").Public());
  const auto info = client.Login(f.deadline);
  REQUIRE(info);
  CHECK(info->version == 2);
  CHECK(f.log.written ==
        Concat({f.golden.Step("normal_upgrade", 0), f.golden.Step("normal_upgrade", 2)}));
  f.log.written.clear();
  REQUIRE(client.Send(f.golden.Secret("client_b").Public(), AsBytes("hello 0->1\n"), f.deadline));
  CHECK(f.log.written == f.golden.Step("normal_upgrade", 5));
}

TEST_CASE("the golden fast start leaves in one write", "[derp][client]") {
  Fixture f;
  auto client = f.Client({f.golden.Step("fast_start", 1), f.golden.Step("fast_start", 2)});
  REQUIRE(client.FastStart(f.golden.Secret("server").Public(), f.deadline));
  CHECK(f.log.written == f.golden.Step("fast_start", 0));
  CHECK(f.log.writes == 1);
}

TEST_CASE("the golden mesh watch is replayed and its flood read", "[derp][client]") {
  Fixture f;
  f.random = test::FixedRandom(0x82);
  auto options = f.Options();
  options.identity = {.key = f.golden.Secret("mesh_node"), .info = {}, .watch = true};
  options.identity.info.mesh_key = f.golden.Mesh();
  auto client = f.Client(
      options, {f.golden.Step("mesh_watch", 1), f.golden.Step("mesh_watch", 2),
                f.golden.Frame("peer_present_mesh_peer"), f.golden.Frame("peer_present_ipv6")});
  REQUIRE(client.FastStart(f.golden.Secret("server").Public(), f.deadline));
  CHECK(f.log.written == f.golden.Step("mesh_watch", 0));
  for (const char* name : {"mesh_node", "client_b"}) {
    const auto message = client.Receive(f.deadline);
    REQUIRE(message);
    CHECK(std::get<wire::PeerPresent>(*message).peer == f.golden.Secret(name).Public());
  }
}

TEST_CASE("a relay's answer may come byte by byte", "[derp][client]") {
  Fixture f;
  std::deque<Bytes> script;
  for (const std::size_t step : {1U, 3U})
    for (const std::uint8_t byte : f.golden.Step("normal_upgrade", step))
      script.push_back(Bytes{byte});
  auto client = f.Client(std::move(script));
  REQUIRE(client.Upgrade(f.deadline));
  REQUIRE(client.ReadGreeting(f.deadline));
  CHECK(client.Login(f.deadline));
}

TEST_CASE("each step tells how the stream failed it", "[derp][client]") {
  Fixture f;
  const ErrorCode end = GENERATE(ErrorCode::kTimeout, ErrorCode::kClosed, ErrorCode::kReset);
  SECTION("no answer") {
    auto client = f.Client({}, end);
    const auto upgraded = client.Upgrade(f.deadline);
    CHECK(upgraded.error().fault == ClientFault::kTransport);
    CHECK(upgraded.error().error.code == end);
  }
  SECTION("no greeting") {
    const std::string reply = f.golden.Http("response_101");
    const ByteView bytes = AsBytes(reply);
    auto client = f.Client({Bytes(bytes.begin(), bytes.end())}, end);
    REQUIRE(client.Upgrade(f.deadline));
    CHECK(client.ReadGreeting(f.deadline).error().error.code == end);
  }
  SECTION("no ServerInfo") {
    auto client = f.Client({f.golden.Step("normal_upgrade", 1)}, end);
    REQUIRE(client.Upgrade(f.deadline));
    REQUIRE(client.ReadGreeting(f.deadline));
    CHECK(client.Login(f.deadline).error().error.code == end);
  }
}

TEST_CASE("an HTTP answer is told even when its body never ends", "[derp][client]") {
  Fixture f;
  const ByteView text = AsBytes("HTTP/1.1 200 OK\r\nServer: Caddy\r\n\r\n<html>");
  auto normal = f.Client({Bytes(text.begin(), text.end())});
  const auto upgraded = normal.Upgrade(f.deadline);
  CHECK(upgraded.error().fault == ClientFault::kUpgradeRefused);
  CHECK(upgraded.error().answer->server == "Caddy");
  auto fast = f.Client({Bytes(text.begin(), text.begin() + 17)});
  const auto info = fast.FastStart(f.golden.Secret("server").Public(), f.deadline);
  CHECK(info.error().fault == ClientFault::kUpgradeRefused);
  CHECK(info.error().answer->status == 200);
}

TEST_CASE("a time-out of Receive loses nothing, any other failure is final", "[derp][client]") {
  Fixture f;
  auto stream = std::make_unique<test::ScriptStream>(f.log);
  test::ScriptStream& script = *stream;
  const Bytes packet = f.golden.Frame("recv_packet");
  script.Say(f.golden.Step("normal_upgrade", 1));
  script.Say(f.golden.Step("normal_upgrade", 3));
  script.Say({packet.begin(), packet.begin() + 7});
  BlockingClient client(std::move(stream), f.Options(), f.random, f.clock);
  REQUIRE(client.Upgrade(f.deadline));
  REQUIRE(client.ReadGreeting(f.deadline));
  REQUIRE(client.Login(f.deadline));
  CHECK(client.Receive(f.deadline).error().error.code == ErrorCode::kTimeout);
  script.Say({packet.begin() + 7, packet.end()});
  const auto message = client.Receive(f.deadline);
  REQUIRE(message);
  CHECK(AsText(std::get<wire::RecvPacket>(*message).packet) == "hello 0->1\n");
  script.Say({0x05, 0xff, 0xff, 0xff, 0xff});
  CHECK(client.Receive(f.deadline).error().fault == ClientFault::kFrameTooLong);
  script.Say(packet);
  CHECK(client.Receive(f.deadline).error().fault == ClientFault::kFrameTooLong);
  CHECK(client.Send(client.server(), AsBytes("x"), f.deadline).error().fault ==
        ClientFault::kFrameTooLong);
}

TEST_CASE("what a relay said before it hung up is told although nothing can be written",
          "[derp][client]") {
  Fixture f;
  auto stream = std::make_unique<test::ScriptStream>(f.log);
  test::ScriptStream& script = *stream;
  BlockingClient client(std::move(stream), f.Options(), f.random, f.clock);
  const NodePublic server = f.golden.Secret("server").Public();
  SECTION("an HTTP answer") {
    const ByteView text = AsBytes("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    script.Say({text.begin(), text.end()});
    script.RefuseWrites();
    const auto answered = GENERATE(false, true)
                              ? client.FastStart(server, f.deadline).map([](auto) {})
                              : client.Upgrade(f.deadline);
    CHECK(answered.error().fault == ClientFault::kUpgradeRefused);
    CHECK(answered.error().answer->status == 503);
  }
  SECTION("nothing") {
    script.RefuseWrites();
    CHECK(client.Upgrade(f.deadline).error().error.context == "write: broken pipe");
    CHECK(client.Upgrade(f.deadline).error().error.context == "write: broken pipe");
  }
  SECTION("messages of a session") {
    script.Say(f.golden.Step("fast_start", 1));
    script.Say(f.golden.Step("fast_start", 2));
    REQUIRE(client.FastStart(server, f.deadline));
    script.Say(f.golden.Frame("restarting"));
    script.RefuseWrites();
    CHECK(client.Send(server, AsBytes("x"), f.deadline).error().error.context ==
          "write: broken pipe");
    CHECK(client.Send(server, AsBytes("x"), f.deadline).error().error.context ==
          "write: broken pipe");
    const auto message = client.Receive(f.deadline);
    REQUIRE(message);
    CHECK(std::holds_alternative<wire::Restarting>(*message));
    CHECK(client.Receive(f.deadline).error().error.context == "write: broken pipe");
    script.Say(f.golden.Frame("restarting"));
    CHECK_FALSE(client.Receive(f.deadline));
  }
}

namespace {

// A relay that sends the same without end; a read takes a millisecond.
class FloodStream final : public net::ByteStream {
 public:
  FloodStream(Bytes first, Bytes frame, test::FakeClock& clock)
      : next_(std::move(first)), frame_(std::move(frame)), clock_(clock) {}

  Expected<std::size_t, Error> Read(ByteSpan out, TimePoint) override {
    clock_.Advance(std::chrono::milliseconds(1));
    const std::size_t count = std::min(out.size(), next_.size());
    std::copy_n(next_.begin(), count, out.begin());
    next_.erase(next_.begin(), next_.begin() + static_cast<std::ptrdiff_t>(count));
    if (next_.empty()) next_ = frame_;
    return count;
  }
  Expected<void, Error> Write(ByteView, TimePoint) override { return {}; }
  int fd() const override { return -1; }
  bool buffered() const override { return true; }

 private:
  Bytes next_;
  Bytes frame_;
  test::FakeClock& clock_;
};

}  // namespace

TEST_CASE("a relay that sends without end holds nobody beyond the deadline", "[derp][client]") {
  Fixture f;
  const Bytes unknown = {0x7f, 0, 0, 0, 2, 1, 2};
  const NodePublic server = f.golden.Secret("server").Public();
  SECTION("frames of an unknown kind") {
    const Bytes login = Concat({f.golden.Step("fast_start", 1), f.golden.Step("fast_start", 2)});
    BlockingClient client(std::make_unique<FloodStream>(login, unknown, f.clock), f.Options(),
                          f.random, f.clock);
    REQUIRE(client.FastStart(server, f.deadline));
    CHECK(client.Receive(f.deadline).error().error.code == ErrorCode::kTimeout);
    CHECK(client.Receive(f.clock.Now()).error().error.code == ErrorCode::kTimeout);
  }
  SECTION("instead of the login's answer") {
    const Bytes frame = GENERATE(as<Bytes>{}, Bytes{0x7f, 0, 0, 0, 2, 1, 2},
                                 Bytes{0x12, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8});
    BlockingClient client(std::make_unique<FloodStream>(frame, frame, f.clock), f.Options(),
                          f.random, f.clock);
    CHECK(client.FastStart(server, f.deadline).error().error.code == ErrorCode::kTimeout);
  }
}

TEST_CASE("a relay key of low order ends the login before anything is sent", "[derp][client]") {
  Fixture f;
  std::array<std::uint8_t, kKeySize> one{};
  one[0] = 1;
  auto client = f.Client({});
  CHECK(client.FastStart(NodePublic(one), f.deadline).error().fault == ClientFault::kBadServerKey);
  CHECK(f.log.written.empty());
}

TEST_CASE("packets that were appended leave in one write", "[derp][client]") {
  Fixture f;
  auto client = f.Client({f.golden.Step("fast_start", 1), f.golden.Step("fast_start", 2)});
  REQUIRE(client.FastStart(f.golden.Secret("server").Public(), f.deadline));
  f.log = {};
  const NodePublic to = f.golden.Secret("client_b").Public();
  Bytes expected;
  for (const std::string_view text : {"one", "two", "three"}) {
    CHECK(client.Append(to, AsBytes(text)) == ClientSession::SendResult::kAppended);
    wire::AppendSendPacket(expected, to, AsBytes(text));
  }
  CHECK(f.log.written.empty());
  REQUIRE(client.Flush(f.deadline));
  CHECK(f.log.written == expected);
  CHECK(f.log.writes == 1);
  REQUIRE(client.Flush(f.deadline));
  CHECK(f.log.writes == 1);
}
