// Clients behind a proxy that names them: their address everywhere, and nobody else's word for it.
#include <catch2/catch.hpp>

#include "common/base/hex.h"
#include "common/net/byte_stream.h"
#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

constexpr std::string_view kHead1 = "PROXY TCP4 192.0.2.7 198.51.100.2 56789 443\r\n";

std::string Head2(std::string_view rest) {
  const Bytes bytes = *DecodeHex("0d0a0d0a000d0a515549540a" + std::string(rest));
  return std::string(AsText(bytes));
}

FixtureOptions Behind(std::string_view block, Duration login_timeout = kPatience) {
  const IpPrefix prefix = *IpPrefix::Parse(block);
  FixtureOptions options;
  options.mesh_key = *MeshKey::Parse(std::string(64, 'a'));
  options.adjust = [prefix, login_timeout](relay::RelayOptions& relay) {
    relay.proxies = {prefix};
    relay.login_timeout = login_timeout;
    for (relay::ListenerOptions& listener : relay.listeners) {
      listener.site = http::Answering([](const http::Request& request) {
        return http::TextReply(request.remote.ToString() + (request.proxied ? " proxied" : ""));
      });
    }
  };
  return options;
}

std::string Get(net::ByteStream& stream) {
  REQUIRE(stream.Write(AsBytes("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), Soon()));
  std::string text;
  Bytes buffer(4096);
  while (const auto count = stream.Read(buffer, Soon())) {
    text += AsText(ByteView(buffer).first(*count));
  }
  const std::size_t end = text.find("\r\n\r\n");
  return end == std::string::npos ? "" : text.substr(end + 4);
}

bool IsClosed(net::ByteStream& stream) {
  Bytes buffer(100);
  const auto count = stream.Read(buffer, Soon());
  return !count && count.error().code != ErrorCode::kTimeout;
}

const std::string kAddresses4 = "c0000207c6336402ddd501bb";

}  // namespace

TEST_CASE("the address that a PROXY head names is the client's everywhere", "[relay][proxy]") {
  RelayFixture f(Behind("127.0.0.0/8"));
  const Way way = GENERATE(Way::kPlain, Way::kTls, Way::kFastStart);
  f.SetPreface(GENERATE(std::string(kHead1), Head2("2111000c" + kAddresses4),
                        Head2("21110013" + kAddresses4 + "04000400000000")));
  if (way != Way::kFastStart) CHECK(Get(*f.Dial(way)) == "192.0.2.7:56789 proxied");
  auto watcher = f.Connect(Way::kTls, NodePrivate::Generate(f.random()), /*mesh=*/true,
                           /*watch=*/true);
  auto client = f.Connect(way);
  while (true) {
    const auto present = watcher.ReceivePeerPresent();
    if (present.peer != client.key()) continue;
    REQUIRE(present.address);
    CHECK(present.address->ip.ToString() == "192.0.2.7");
    CHECK(present.address->port == 56789);
    break;
  }
  client.RoundTrip();
}

TEST_CASE("a proxy that speaks for itself or does not know leaves the socket's address",
          "[relay][proxy]") {
  RelayFixture f(Behind("127.0.0.1"));
  f.SetPreface(GENERATE(std::string("PROXY UNKNOWN\r\n"), Head2("20000000"),
                        Head2("2011000c" + kAddresses4), Head2("21000000")));
  const std::string answer = Get(*f.Dial(Way::kTls));
  CHECK(answer.starts_with("127.0.0.1:"));
  CHECK(answer.ends_with(" proxied"));
}

TEST_CASE("a head that names this machine is still a proxy's word", "[relay][proxy]") {
  RelayFixture f(Behind("127.0.0.1"));
  f.SetPreface("PROXY TCP4 127.0.0.1 127.0.0.1 5 6\r\n");
  CHECK(Get(*f.Dial(Way::kPlain)) == "127.0.0.1:5 proxied");
}

TEST_CASE("a head may come in pieces, and together with what follows", "[relay][proxy]") {
  RelayFixture f(Behind("127.0.0.1"));
  auto stream = f.Dial(Way::kPlain);
  for (const char byte : kHead1) {
    REQUIRE(stream->Write(AsBytes(std::string_view(&byte, 1)), Soon()));
  }
  CHECK(Get(*stream) == "192.0.2.7:56789 proxied");
  f.SetPreface(std::string(kHead1) + "GET /first HTTP/1.1\r\nHost: h\r\n\r\n");
  auto both = f.Dial(Way::kPlain);
  Bytes buffer(4096);
  REQUIRE(both->Read(buffer, Soon()));
  CHECK(Get(*both) == "192.0.2.7:56789 proxied");
}

TEST_CASE("from a proxy a connection without a head is closed and counted", "[relay][proxy]") {
  RelayFixture f(Behind("127.0.0.1"));
  f.SetPreface(GENERATE(std::string("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
                        std::string("\x16\x03\x01"), std::string("PROXY TCP4 nonsense\r\n"),
                        Head2("2111ffff"), std::string("PROXY UNKNOWN ") + std::string(200, 'x')));
  CHECK(IsClosed(*f.Dial(Way::kPlain)));
  f.WaitForMetric("derper_proxy_head_errors", 1);
}

TEST_CASE("a proxy that only looks whether somebody listens is no error", "[relay][proxy]") {
  RelayFixture f(Behind("127.0.0.1"));
  f.Dial(Way::kPlain).reset();
  f.SetPreface("PROXY TC");
  f.Dial(Way::kPlain).reset();
  f.WaitForMetric("derper_proxy_head_errors", 1);
}

TEST_CASE("a head that does not come in time ends the connection", "[relay][proxy]") {
  RelayFixture f(Behind("127.0.0.1", std::chrono::milliseconds(100)));
  f.SetPreface("PROXY TCP4 192.0.2.7 ");
  CHECK(IsClosed(*f.Dial(Way::kPlain)));
}

TEST_CASE("a head from anybody else is no head", "[relay][proxy]") {
  RelayFixture f(Behind("192.0.2.0/24"));
  CHECK(Get(*f.Dial(Way::kPlain)).find("proxied") == std::string::npos);
  f.SetPreface(std::string(kHead1));
  CHECK(Get(*f.Dial(Way::kPlain)).find("192.0.2.7") == std::string::npos);
  CHECK(f.Metric("derper_proxy_head_errors") == 0);
}
