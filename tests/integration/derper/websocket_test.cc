// Clients over WebSocket: the same relay, wrapped (derp-protocol.md 3.8).
#include "common/http/websocket.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "common/base/hex.h"
#include "common/http/websocket_handshake.h"
#include "derper/limits/limits.h"
#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAnswer =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
    "Sec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-Websocket-Protocol: derp\r\n"
    "Upgrade: websocket\r\n\r\n";

void FillMask(ByteSpan out) { std::fill(out.begin(), out.end(), std::uint8_t{0x37}); }

// What a client writes goes out as WebSocket, piece by piece; its HTTP upgrade becomes the
// WebSocket's.
class WrappedStream final : public net::ByteStream {
 public:
  WrappedStream(std::unique_ptr<net::ByteStream> below, std::size_t piece)
      : below_(std::move(below)), piece_(piece) {}

  Expected<void, Error> Write(ByteView bytes, TimePoint deadline) override {
    if (!upgraded_) {
      upgraded_ = true;
      return Upgrade(deadline);
    }
    Bytes wrapped;
    socket_.Send(bytes, wrapped);
    for (ByteView rest = wrapped; !rest.empty();) {
      const ByteView part = rest.first(std::min(piece_, rest.size()));
      if (auto written = below_->Write(part, deadline); !written) return written;
      rest = rest.subspan(part.size());
    }
    return {};
  }

  Expected<std::size_t, Error> Read(ByteSpan out, TimePoint deadline) override {
    while (content_.empty()) {
      Bytes chunk(65536);
      const auto count = below_->Read(chunk, deadline);
      if (!count) return Fail(count.error());
      if (socket_.Receive(ByteView(chunk).first(*count), content_) !=
              http::WebSocket::State::kOpen &&
          content_.empty()) {
        return Fail(Error{.code = ErrorCode::kClosed, .context = "closed"});
      }
    }
    const std::size_t count = std::min(out.size(), content_.size());
    std::copy_n(content_.begin(), count, out.begin());
    content_.erase(content_.begin(), content_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }

  int fd() const override { return below_->fd(); }
  bool buffered() const override { return !content_.empty() || below_->buffered(); }

 private:
  Expected<void, Error> Upgrade(TimePoint deadline) {
    auto written = below_->Write(
        AsBytes(http::WebSocketRequestText("relay.test", "/derp", kKey, "derp")), deadline);
    if (!written) return written;
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
      Bytes chunk(1);
      const auto count = below_->Read(chunk, deadline);
      if (!count) return Fail(count.error());
      head += AsText(chunk);
    }
    CHECK(head == kAnswer);
    AppendText(content_, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
    return {};
  }

  std::unique_ptr<net::ByteStream> below_;
  std::size_t piece_;
  bool upgraded_ = false;
  http::WebSocket socket_ = http::WebSocket::Client(FillMask);
  Bytes content_;
};

TestClient Browser(RelayFixture& f, Way way, std::size_t piece = 100'000) {
  static const SystemClock clock;
  BlockingClientOptions options;
  options.identity.key = NodePrivate::Generate(f.random());
  options.identity.info.can_ack_pings = true;
  const NodePublic key = options.identity.key.Public();
  auto client = std::make_unique<BlockingClient>(
      std::make_unique<WrappedStream>(f.Dial(way), piece), options, f.random(), clock);
  REQUIRE(client->Upgrade(Soon()));
  CHECK(client->ReadGreeting(Soon()).value() == f.server_key());
  REQUIRE(client->Login(Soon()));
  return {std::move(client), key};
}

std::string ReadToEnd(net::ByteStream& stream) {
  std::string text;
  Bytes buffer(4096);
  while (true) {
    const auto count = stream.Read(buffer, Soon());
    if (!count) {
      CHECK(count.error().code != ErrorCode::kTimeout);
      return text;
    }
    text += AsText(ByteView(buffer).first(*count));
  }
}

// Sends the handshake with `protocol` and what follows it; gives all that comes.
std::string Talk(RelayFixture& f, std::string_view protocol, std::string_view hex) {
  const auto stream = f.Dial(Way::kTls);
  Bytes out;
  AppendText(out, http::WebSocketRequestText("relay.test", "/derp", kKey, protocol));
  AppendBytes(out, DecodeHex(hex).value());
  REQUIRE(stream->Write(out, Soon()));
  return ReadToEnd(*stream);
}

// The greeting as the reference sends it: one message of 45 bytes.
std::string GreetingHex(const RelayFixture& f) {
  return "822d010000002844455250f09f9491" + f.server_key().UntypedHex();
}

}  // namespace

TEST_CASE("browsers and others exchange packets of every size", "[relay][websocket]") {
  RelayFixture f;
  const Way way = GENERATE(Way::kPlain, Way::kTls);
  TestClient browser = Browser(f, way);
  TestClient other = f.Connect();
  for (const std::size_t size : {std::size_t{1}, std::size_t{1400}, kMaxPacketSize}) {
    const Bytes packet(size, static_cast<std::uint8_t>(size));
    browser.Send(other.key(), packet);
    CHECK(other.ReceivePacket().bytes == packet);
    other.Send(browser.key(), packet);
    const auto received = browser.ReceivePacket();
    CHECK(received.bytes == packet);
    CHECK(received.source == other.key());
  }
  browser.RoundTrip();
  CHECK(f.Metric("derp_websocket_accepts") == 1);
  CHECK(f.Metric("derp_tcp_rtt", {"non-tcp"}) == 1);
}

TEST_CASE("a browser's stream may be cut anywhere", "[relay][websocket]") {
  RelayFixture f;
  TestClient browser =
      Browser(f, Way::kPlain, GENERATE(std::size_t{1}, std::size_t{3}, std::size_t{7}));
  const Bytes packet(500, 5);
  browser.Send(browser.key(), packet);
  CHECK(browser.ReceivePacket().bytes == packet);
}

TEST_CASE("a browser above its rate waits, and loses nothing when it hangs up meanwhile",
          "[relay][websocket][limits]") {
  const TemporaryDirectory folder;
  const SystemClock clock;
  const Logger quiet([](LogLevel, std::string_view) {});
  std::ofstream(folder / "rates") << R"({"PerClientRateLimitBytesPerSec": 1000000})";
  auto limits = relay::Limits::Load({.file = folder / "rates", .state_dir = ""}, clock, quiet);
  REQUIRE(limits);
  RelayFixture f({.adjust = [&](relay::RelayOptions& options) { options.limits = limits->get(); }});
  TestClient other = f.Connect();
  NodePublic key;
  {
    TestClient browser = Browser(f, GENERATE(Way::kPlain, Way::kTls));
    key = browser.key();
    browser.Send(other.key(), Bytes(kMaxPacketSize, 1));
    for (int i = 0; i < 10; ++i) browser.Send(other.key(), Bytes(10000, 2));
  }
  CHECK(other.ReceivePacket().bytes == Bytes(kMaxPacketSize, 1));
  for (int i = 0; i < 10; ++i) CHECK(other.ReceivePacket().bytes == Bytes(10000, 2));
  CHECK(other.ReceivePeerGone().peer == key);
}

TEST_CASE("a browser that closes is answered and gone at once", "[relay][websocket]") {
  RelayFixture f;
  const std::string said = Talk(f, "derp",
                                "888200000000"
                                "03e9");
  REQUIRE(said.starts_with(kAnswer));
  CHECK(EncodeHex(AsBytes(said.substr(kAnswer.size()))) == GreetingHex(f) + "880203e9");
}

TEST_CASE("a browser's ping is answered before its login", "[relay][websocket]") {
  RelayFixture f;
  const auto stream = f.Dial(Way::kTls);
  Bytes out;
  AppendText(out, http::WebSocketRequestText("relay.test", "/derp", kKey, "derp"));
  AppendBytes(out, DecodeHex("89810000000061").value());
  REQUIRE(stream->Write(out, Soon()));
  std::string said;
  Bytes buffer(4096);
  while (
      !said.ends_with("\x8a\x01"
                      "a")) {
    const auto count = stream->Read(buffer, Soon());
    REQUIRE(count);
    said += AsText(ByteView(buffer).first(*count));
  }
}

TEST_CASE("who breaks the rules of WebSocket is closed with their code", "[relay][websocket]") {
  struct Row {
    const char* frame;
    const char* close;
  };
  const auto row = GENERATE(values<Row>({
      {"820161", "880203ea"},                          // not masked
      {"81810000000061", "880203eb"},                  // text
      {"c2810000000061", "880203ea"},                  // compressed
      {"82ff00000000001000010000000061", "880203f1"},  // more than a message may hold
      {"82850000000001000000ff", "880203e8"},          // DERP: no ClientInfo
  }));
  CAPTURE(row.frame);
  RelayFixture f;
  const std::string said = Talk(f, "derp", row.frame);
  REQUIRE(said.starts_with(kAnswer));
  CHECK(EncodeHex(AsBytes(said.substr(kAnswer.size()))).ends_with(row.close));
}

TEST_CASE("another sub-protocol than derp is refused by its own words", "[relay][websocket]") {
  RelayFixture f;
  const std::string said = Talk(f, "derpy", "");
  CHECK(said.find("Sec-Websocket-Protocol") == std::string::npos);
  CHECK(
      said.ends_with("\r\n\r\n\x88\x28\x03\xf0"
                     "client must speak the derp subprotocol"));
  CHECK(f.Metric("derp_websocket_accepts") == 0);
}

TEST_CASE("a handshake that is none is an HTTP error", "[relay][websocket]") {
  RelayFixture f;
  const auto stream = f.Dial(Way::kTls);
  REQUIRE(stream->Write(AsBytes("GET /derp HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                                "Upgrade: websocket\r\nSec-WebSocket-Protocol: derp\r\n\r\n"),
                        Soon()));
  CHECK(ReadToEnd(*stream).starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

TEST_CASE("the old word websocket without a sub-protocol is raw DERP", "[relay][websocket]") {
  RelayFixture f;
  const auto stream = f.Dial(Way::kTls);
  REQUIRE(stream->Write(AsBytes("GET /derp HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                                "Upgrade: websocket\r\n\r\n"),
                        Soon()));
  Bytes buffer(4096);
  const auto count = stream->Read(buffer, Soon());
  REQUIRE(count);
  CHECK(AsText(buffer).starts_with("HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\n"));
  CHECK(f.Metric("derp_websocket_accepts") == 0);
}

TEST_CASE("a relay that stops says so to browsers too", "[relay][websocket]") {
  RelayFixture f;
  TestClient browser = Browser(f, Way::kTls);
  f.Stop();
  bool restarting = false;
  while (const auto message = browser.raw().Receive(Soon())) {
    restarting = restarting || std::holds_alternative<wire::Restarting>(*message);
  }
  CHECK(restarting);
}
