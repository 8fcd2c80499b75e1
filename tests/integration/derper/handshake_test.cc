// Why handshakes and logins fail, as metrics and log lines tell it.
#include <catch2/catch.hpp>

#include "common/net/byte_stream.h"
#include "common/net/sockets.h"
#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

constexpr const char* kErrors = "derper_tls_handshake_errors";

std::unique_ptr<net::ByteStream> RawTcp(const SocketAddress& to) {
  auto fd = net::ConnectTcp(to, Soon());
  REQUIRE(fd);
  return net::MakePlainStream(std::move(*fd));
}

// A ClientHello that offers one version and one cipher suite.
Bytes Hello(std::uint8_t minor_version, std::uint8_t suite_high, std::uint8_t suite_low) {
  Bytes body(2 + 32, 0x11);  // version and random
  body[0] = 3;
  body[1] = minor_version;
  const Bytes rest{0, 0,  2, suite_high, suite_low, 1, 0,             // no session, no compression
                   0, 18,                                             // extensions:
                   0, 10, 0, 4,          0,         2, 0, 23,         // groups: P-256
                   0, 13, 0, 6,          0,         4, 4, 3,  8, 4};  // signatures
  AppendBytes(body, rest);
  const auto size = static_cast<std::uint8_t>(body.size());
  Bytes out{0x16, 3, 1, 0, static_cast<std::uint8_t>(size + 4), 1, 0, 0, size};
  AppendBytes(out, body);
  return out;
}

void ReadUntilClosed(net::ByteStream& stream) {
  Bytes buffer(4096);
  while (true) {
    const auto count = stream.Read(buffer, Soon());
    if (!count || *count == 0) return;
  }
}

}  // namespace

TEST_CASE("failed handshakes are counted by cause, and a bystander does not notice", "[relay]") {
  RelayFixture f({.adjust = [](relay::RelayOptions& options) {
    options.login_timeout = std::chrono::seconds(10);
  }});
  auto witness = f.Connect();
  auto stream = RawTcp(f.tls_address());
  SECTION("no shared version") {
    REQUIRE(stream->Write(Hello(1, 0xc0, 0x2b), Soon()));
    ReadUntilClosed(*stream);
    CHECK(f.Metric(kErrors, {"version"}) == 1);
  }
  SECTION("no shared cipher") {
    REQUIRE(stream->Write(Hello(3, 0x00, 0x2f), Soon()));
    ReadUntilClosed(*stream);
    CHECK(f.Metric(kErrors, {"cipher"}) == 1);
  }
  SECTION("the client refuses the certificate") {
    REQUIRE(stream->Write(Hello(3, 0xc0, 0x2b), Soon()));
    Bytes buffer(1);
    REQUIRE(stream->Read(buffer, Soon()));  // the server's answer
    REQUIRE(stream->Write(Bytes{0x15, 3, 3, 0, 2, 2, 42}, Soon()));
    ReadUntilClosed(*stream);
    CHECK(f.Metric(kErrors, {"client_alert"}) == 1);
  }
  SECTION("the client leaves") {
    stream.reset();
    f.WaitForMetric(kErrors, 1, {"closed"});
  }
  double all = 0;
  for (const metrics::Family& family : f.GatherMetrics()) {
    if (family.name != kErrors) continue;
    CHECK(family.samples.size() == 9);  // every cause has its row from the start
    for (const metrics::Sample& sample : family.samples) all += sample.value;
  }
  CHECK(all == 1);
  witness.RoundTrip();
}

TEST_CASE("who says nothing is a time-out of the handshake or of the login", "[relay]") {
  RelayFixture f({.adjust = [](relay::RelayOptions& options) {
    options.login_timeout = std::chrono::milliseconds(50);
  }});
  auto no_hello = RawTcp(f.tls_address());
  f.WaitForMetric(kErrors, 1, {"timeout"});
  auto no_login = RawTcp(f.plain_address());
  REQUIRE(no_login->Write(AsBytes("GET /derp HTTP/1.1\r\nHost: x\r\nUpgrade: DERP\r\n"
                                  "Connection: Upgrade\r\n\r\n"),
                          Soon()));
  f.WaitForMetric("derper_login_failures", 1, {"timeout"});
}
