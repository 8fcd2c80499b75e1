// What strangers and broken clients send: nothing of it hurts the others.
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "common/net/byte_stream.h"
#include "common/net/sockets.h"
#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

// Everything until the relay ends the connection.
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

std::string ReadSome(net::ByteStream& stream) {
  Bytes buffer(65536);
  const auto count = stream.Read(buffer, Soon());
  REQUIRE(count);
  return std::string(AsText(ByteView(buffer).first(*count)));
}

constexpr std::string_view kUpgrade =
    "GET /derp HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: DERP\r\n\r\n";

Bytes Frame(std::uint8_t type, std::size_t announced, std::size_t sent) {
  Bytes frame;
  wire::AppendHeader(frame, static_cast<wire::FrameType>(type),
                     static_cast<std::uint32_t>(announced));
  frame.resize(frame.size() + sent, 0x41);
  return frame;
}

}  // namespace

TEST_CASE("the reply and the greeting leave in one write", "[relay]") {
  RelayFixture f;
  const Way way = GENERATE(Way::kPlain, Way::kTls);
  auto stream = f.Dial(way);
  REQUIRE(stream->Write(AsBytes(kUpgrade), Soon()));
  const std::string reply = ReadSome(*stream);
  CHECK(reply.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  CHECK(reply.find("Derp-Public-Key: " + f.server_key().UntypedHex()) != std::string::npos);
  CHECK(reply.substr(reply.find("\r\n\r\n") + 4).size() == 5 + 8 + 32);
}

TEST_CASE("bytes behind the head belong to the stream, without TLS as well", "[relay]") {
  RelayFixture f;
  BlockingClientOptions options;
  SystemRandom random;
  SystemClock clock;
  options.identity.key = NodePrivate::Generate(random);
  BlockingClient client(f.Dial(Way::kPlain), options, random, clock);
  CHECK(client.FastStart(f.server_key(), Soon()));
}

TEST_CASE("pages are served beside the stream, several on one connection", "[relay]") {
  RelayFixture f;
  auto stream = f.Dial(GENERATE(Way::kPlain, Way::kTls));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(stream->Write(AsBytes("GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n"), Soon()));
    const std::string reply = ReadSome(*stream);
    CHECK(reply.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(reply.ends_with("page /robots.txt"));
  }
  REQUIRE(
      stream->Write(AsBytes("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.0\r\n\r\n"), Soon()));
  const std::string both = ReadToEnd(*stream);
  CHECK(both.find("page /a") < both.find("page /b"));
  CHECK(both.ends_with("page /b"));
}

TEST_CASE("/derp without an upgrade is refused with 426", "[relay]") {
  RelayFixture f;
  auto stream = f.Dial(Way::kTls);
  REQUIRE(stream->Write(AsBytes("GET /derp HTTP/1.1\r\nHost: x\r\n\r\n"), Soon()));
  const std::string reply = ReadToEnd(*stream);
  CHECK(reply.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
  CHECK(reply.find("DERP requires connection upgrade\n") != std::string::npos);
}

TEST_CASE("requests by TLS version are counted, open streams as running", "[relay]") {
  RelayFixture f;
  {
    auto a = f.Connect(Way::kFastStart);
    a.RoundTrip();
    CHECK(f.Metric("derper_tls_request_version", {"1.3"}) == 1);
    CHECK(f.Metric("derper_tls_active_version", {"1.3"}) == 1);
    CHECK(f.Metric("tls_listener_accepted_connections") == 1);
  }
  f.WaitForMetric("derper_tls_active_version", 0, {"1.3"});
}

TEST_CASE("garbage at a port is answered or closed, and counted", "[relay]") {
  RelayFixture f;
  auto witness = f.Connect();
  SECTION("no HTTP at the plain port") {
    auto stream = f.Dial(Way::kPlain);
    REQUIRE(stream->Write(Bytes{0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc}, Soon()));
    CHECK(ReadToEnd(*stream).starts_with("HTTP/1.1 400 "));
    CHECK(f.Metric("derper_bad_requests") == 1);
  }
  SECTION("no TLS at the TLS port") {
    auto fd = net::ConnectTcp(f.tls_address(), Soon());
    REQUIRE(fd);
    auto stream = net::MakePlainStream(std::move(*fd));
    REQUIRE(stream->Write(AsBytes("SSH-2.0-x\r\n"), Soon()));
    CHECK(ReadToEnd(*stream).empty());
    CHECK(f.Metric("derper_tls_handshake_errors", {"not_tls"}) == 1);
  }
  SECTION("plain HTTP at the TLS port is told so") {
    auto fd = net::ConnectTcp(f.tls_address(), Soon());
    REQUIRE(fd);
    auto stream = net::MakePlainStream(std::move(*fd));
    REQUIRE(stream->Write(AsBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), Soon()));
    CHECK(ReadToEnd(*stream) ==
          "HTTP/1.0 400 Bad Request\r\n\r\nThis port speaks HTTPS: use https://\n");
    CHECK(f.Metric("derper_tls_handshake_errors", {"plain_http"}) == 1);
  }
  SECTION("a head without end") {
    auto stream = f.Dial(Way::kTls);
    REQUIRE(stream->Write(AsBytes("GET /x HTTP/1.1\r\nHost: " + std::string(20000, 'a')), Soon()));
    CHECK(ReadToEnd(*stream).starts_with("HTTP/1.1 431 "));
  }
  SECTION("something else than ClientInfo") {
    auto stream = f.Dial(Way::kPlain);
    REQUIRE(stream->Write(AsBytes(kUpgrade), Soon()));
    (void)ReadSome(*stream);
    REQUIRE(stream->Write(Frame(0x12, 8, 8), Soon()));
    CHECK(ReadToEnd(*stream).empty());
    CHECK(f.Metric("derper_login_failures", {"frame"}) == 1);
  }
  SECTION("a ClientInfo above the limit, by its header alone") {
    auto stream = f.Dial(Way::kPlain);
    REQUIRE(stream->Write(AsBytes(kUpgrade), Soon()));
    (void)ReadSome(*stream);
    REQUIRE(stream->Write(Frame(0x02, 262145, 0), Soon()));
    CHECK(ReadToEnd(*stream).empty());
    CHECK(f.Metric("derper_login_failures", {"frame"}) == 1);
  }
  SECTION("a ClientInfo whose box does not open") {
    auto stream = f.Dial(Way::kPlain);
    REQUIRE(stream->Write(AsBytes(kUpgrade), Soon()));
    (void)ReadSome(*stream);
    REQUIRE(stream->Write(Frame(0x02, 200, 200), Soon()));
    CHECK(ReadToEnd(*stream).empty());
    CHECK(f.Metric("derper_login_failures", {"box"}) == 1);
  }
  witness.RoundTrip();
  CHECK(f.Metric("derp_current_connections") == 1);
}

TEST_CASE("a refused request is answered though its sender has ended already", "[relay]") {
  RelayFixture f;
  const std::string_view request =
      GENERATE("GARBAGE\r\n\r\n", "GET /derp HTTP/1.1\r\nHost: x\r\n\r\n");
  for (int i = 0; i < 50; ++i) {
    auto fd = net::ConnectTcp(f.plain_address(), Soon());
    REQUIRE(fd);
    REQUIRE(send(fd->get(), request.data(), request.size(), MSG_NOSIGNAL) > 0);
    REQUIRE(shutdown(fd->get(), SHUT_WR) == 0);
    auto stream = net::MakePlainStream(std::move(*fd));
    REQUIRE(ReadToEnd(*stream).starts_with("HTTP/1.1 4"));
  }
}

TEST_CASE("a stranger who dawdles is closed", "[relay]") {
  RelayFixture f({.adjust = [](relay::RelayOptions& options) {
    options.login_timeout = std::chrono::milliseconds(100);
  }});
  SECTION("before TLS") {
    auto fd = net::ConnectTcp(f.tls_address(), Soon());
    REQUIRE(fd);
    CHECK(ReadToEnd(*net::MakePlainStream(std::move(*fd))).empty());
  }
  SECTION("within the head") {
    auto stream = f.Dial(Way::kPlain);
    REQUIRE(stream->Write(AsBytes(kUpgrade.substr(0, 30)), Soon()));
    CHECK(ReadToEnd(*stream).empty());
  }
  SECTION("before ClientInfo") {
    auto stream = f.Dial(Way::kPlain);
    REQUIRE(stream->Write(AsBytes(kUpgrade), Soon()));
    CHECK(ReadToEnd(*stream).starts_with("HTTP/1.1 101 "));
  }
}

TEST_CASE("a frame of a wrong size or without the right to send it ends its sender only",
          "[relay]") {
  RelayFixture f({.mesh_key = MeshKey::Parse(std::string(64, '7'))});
  auto witness = f.Connect();
  const auto [type, length] = GENERATE(table<int, std::size_t>({
      {0x04, 31},     // SendPacket without a whole key
      {0x04, 65569},  // and above the limit
      {0x04, 0xffffffff},
      {0x07, 0},  // NotePreferred
      {0x07, 2},
      {0x0a, 100},  // ForwardPacket of a regular client
      {0x10, 0},    // WatchConns, likewise
      {0x10, 1},
      {0x11, 32},  // ClosePeer, likewise
      {0x12, 7},   // Ping
      {0x12, 1001},
  }));
  CAPTURE(type, length);
  auto bad = f.Connect(GENERATE(Way::kPlain, Way::kTls));
  REQUIRE(bad.raw().stream().Write(
      Frame(static_cast<std::uint8_t>(type), length, std::min<std::size_t>(length, 100)), Soon()));
  CHECK(bad.IsClosed());
  witness.RoundTrip();
  CHECK(f.Metric("derper_protocol_errors", {"frame"}) == 1);
  f.WaitForMetric("derp_current_connections", 1);
}

TEST_CASE("unknown frames of any length stream past and are counted", "[relay]") {
  RelayFixture f;
  auto a = f.Connect();
  REQUIRE(a.raw().stream().Write(Frame(0x77, 3'000'000, 3'000'000), Soon()));
  REQUIRE(a.raw().stream().Write(Frame(0x13, 8, 8), Soon()));  // a pong nobody asked for
  a.RoundTrip();
  CHECK(f.Metric("derp_unknown_frames") == 2);
}

TEST_CASE("frames may be cut anywhere", "[relay]") {
  RelayFixture f;
  auto a = f.Connect(Way::kTls);
  auto b = f.Connect(Way::kPlain);
  for (auto* pair : {&a, &b}) {
    Bytes frames;
    wire::AppendSendPacket(frames, b.key(), Bytes{1, 2, 3});
    wire::AppendSendPacket(frames, b.key(), Bytes{});
    for (const std::uint8_t byte : frames) {
      REQUIRE(pair->raw().stream().Write(Bytes{byte}, Soon()));
    }
    CHECK(b.ReceivePacket().bytes == Bytes{1, 2, 3});
    CHECK(b.ReceivePacket().bytes.empty());
  }
}

TEST_CASE("a client that breaks off within a frame just leaves", "[relay]") {
  RelayFixture f;
  {
    auto a = f.Connect(Way::kPlain);
    a.RoundTrip();
    REQUIRE(a.raw().stream().Write(Frame(0x04, 1000, 500), Soon()));
  }
  f.WaitForMetric("derp_current_connections", 0);
  CHECK(f.Metric("derper_protocol_errors", {"truncated"}) == 1);
}
