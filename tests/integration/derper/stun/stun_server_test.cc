#include "derper/stun/stun_server.h"

#include <catch2/catch.hpp>

#include "common/crypto/random.h"
#include "tests/integration/derper/stun/stun_client.h"
#include "tests/support/vectors.h"

namespace derp::relay {
namespace {

using test::At;
using test::Eventually;
using test::StunClient;

struct Started {
  std::vector<std::string> lines;
  Logger logger{[this](LogLevel, std::string_view text) { lines.emplace_back(text); }};
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<StunServer> server;

  explicit Started(const StunServerOptions& options) {
    auto started = StunServer::Start(options, logger, clock, random);
    REQUIRE(started.has_value());
    server = *std::move(started);
  }
  SocketAddress On(const char* ip) const {
    return {IpAddress::Parse(ip).value(), server->address().port};
  }
};

StunServerOptions ListenOn(const char* address) { return {.address = At(address)}; }

bool HasIpv6() { return net::BindUdp(At("[::1]:0")).has_value(); }

// What turnutils_stunclient sends: a bare header.
const Bytes kForeignRequest = derp::test::Hex("000100002112a442000102030405060708090a0b");

}  // namespace

TEST_CASE("a client learns its address and the server says where it listens", "[stun]") {
  const Started relay(ListenOn("127.0.0.1:0"));
  CHECK(relay.lines ==
        std::vector<std::string>{"STUN server listening on " + relay.server->address().ToString()});
  StunClient client(At("127.0.0.1:0"));
  const auto reply = client.Ask(relay.server->address());
  REQUIRE(reply.has_value());
  CHECK(stun::ParseResponse(reply->bytes)->address == client.local());
  CHECK(Eventually([&] { return relay.server->Figures().success == 1; }));
  CHECK(relay.server->Figures().ipv4 == 1);
}

TEST_CASE("a dual-stack server tells each family its own address", "[stun]") {
  if (!HasIpv6()) {
    WARN("skipped: this machine has no IPv6");
    return;
  }
  const Started relay(ListenOn("[::]:0"));
  StunClient four(At("127.0.0.1:0"));
  const auto reply4 = four.Ask(relay.On("127.0.0.1"));
  REQUIRE(reply4.has_value());
  CHECK(reply4->bytes.size() == 32);
  CHECK(stun::ParseResponse(reply4->bytes)->address == four.local());

  StunClient six(At("[::1]:0"));
  const auto reply6 = six.Ask(relay.On("::1"));
  REQUIRE(reply6.has_value());
  CHECK(reply6->bytes.size() == 44);
  CHECK(stun::ParseResponse(reply6->bytes)->address == six.local());
  CHECK(Eventually([&] { return relay.server->Figures().success == 2; }));
  CHECK(relay.server->Figures().ipv4 == 1);
  CHECK(relay.server->Figures().ipv6 == 1);
}

TEST_CASE("a wildcard server answers from the address that was asked", "[stun]") {
  for (const char* wildcard : {"0.0.0.0:0", "[::]:0"}) {
    CAPTURE(wildcard);
    const Started relay(ListenOn(wildcard));
    StunClient client(At("127.0.0.1:0"));
    for (const char* asked : {"127.0.0.1", "127.0.0.2", "127.3.2.1"}) {
      const auto reply = client.Ask(relay.On(asked));
      REQUIRE(reply.has_value());
      CHECK(reply->source == relay.On(asked));
    }
  }
}

TEST_CASE("a strict server is silent to all but Tailscale's clients", "[stun]") {
  const Started relay(ListenOn("127.0.0.1:0"));
  StunClient client(At("127.0.0.1:0"));
  client.Send(kForeignRequest, relay.server->address());
  client.Send(AsBytes("garbage"), relay.server->address());
  client.Send({}, relay.server->address());
  client.Send(Bytes(5000, 0xff), relay.server->address());
  client.SendRequest(relay.server->address());
  // The first and only datagram to come back answers the last one sent.
  const auto reply = client.Receive();
  REQUIRE(reply.has_value());
  CHECK(reply->bytes.size() == 32);

  CHECK(Eventually([&] { return relay.server->Figures().success == 1; }));
  const StunFigures figures = relay.server->Figures();
  CHECK(figures.not_stun == 4);
  CHECK(figures.rejected[static_cast<std::size_t>(stun::MessageError::kWrongSoftware)] == 1);
  CHECK(figures.rejected[static_cast<std::size_t>(stun::MessageError::kNotStun)] == 3);
}

TEST_CASE("a generic server answers strangers, but not without end", "[stun]") {
  StunServerOptions options = ListenOn("127.0.0.1:0");
  options.mode = stun::ServerMode::kGeneric;
  options.source_rate = 1e-6;
  options.source_burst = 3;
  const Started relay(options);
  StunClient client(At("127.0.0.1:0"));
  for (int i = 0; i < 5; ++i) client.Send(kForeignRequest, relay.server->address());
  client.SendRequest(relay.server->address());
  for (int i = 0; i < 3; ++i) {
    const auto reply = client.Receive();
    REQUIRE(reply.has_value());
    CHECK(reply->bytes.size() == 44);  // with MAPPED-ADDRESS
    CHECK(stun::ParseResponse(reply->bytes)->address == client.local());
  }
  const auto last = client.Receive();
  REQUIRE(last.has_value());
  CHECK(last->bytes.size() == 32);
  CHECK(Eventually([&] { return relay.server->Figures().success == 4; }));
  CHECK(relay.server->Figures().rate_limited == 2);
}

TEST_CASE("after a flood of garbage a valid request is answered", "[stun]") {
  const Started relay(ListenOn("127.0.0.1:0"));
  StunClient flooder(At("127.0.0.1:0"));
  auto broken = stun::BuildRequest({});
  broken[39] ^= 1;
  for (int i = 0; i < 20'000; ++i) flooder.Send(broken, relay.server->address());
  StunClient client(At("127.0.0.1:0"));
  CHECK(client.Ask(relay.server->address()).has_value());
  const StunFigures figures = relay.server->Figures();
  CHECK(figures.rejected[static_cast<std::size_t>(stun::MessageError::kWrongFingerprint)] > 0);
  CHECK(figures.ipv4 >= figures.success + figures.write_error);
}

TEST_CASE("several threads share the clients of one port", "[stun]") {
  StunServerOptions options = ListenOn("127.0.0.1:0");
  options.threads = 4;
  const Started relay(options);
  for (int i = 0; i < 40; ++i) {
    StunClient client(At("127.0.0.1:0"));
    const auto reply = client.Ask(relay.server->address());
    REQUIRE(reply.has_value());
    CHECK(stun::ParseResponse(reply->bytes)->address == client.local());
  }
  CHECK(Eventually([&] { return relay.server->Figures().success >= 40; }));
}

TEST_CASE("an address in use is an error that names flag and address", "[stun]") {
  for (const unsigned threads : {1U, 2U}) {
    CAPTURE(threads);
    StunServerOptions options = ListenOn("127.0.0.1:0");
    options.threads = threads;
    const Started relay(options);
    options.address = relay.server->address();
    SystemRandom random;
    const auto second = StunServer::Start(options, relay.logger, relay.clock, random);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().context == "-stun-port: listen udp " + relay.server->address().ToString() +
                                        ": bind: address already in use");
    CHECK(relay.lines.size() == 1);
  }
}

TEST_CASE("a senseless number of threads is refused", "[stun]") {
  for (const unsigned threads : {0U, 257U}) {
    StunServerOptions options = ListenOn("127.0.0.1:0");
    options.threads = threads;
    const Logger logger(LogLevel::kError);
    const SystemClock clock;
    SystemRandom random;
    const auto server = StunServer::Start(options, logger, clock, random);
    REQUIRE_FALSE(server.has_value());
    CHECK(server.error().context.starts_with("-stun-threads: "));
  }
}

TEST_CASE("stopping frees the port and keeps the figures", "[stun]") {
  Started relay(ListenOn("127.0.0.1:0"));
  StunClient client(At("127.0.0.1:0"));
  REQUIRE(client.Ask(relay.server->address()).has_value());
  const auto source = relay.server->MetricsSource();
  const SocketAddress address = relay.server->address();
  relay.server->Stop();
  relay.server->Stop();
  CHECK(relay.server->Figures().success >= 1);
  CHECK(net::BindUdp(address).has_value());
  relay.server.reset();
  std::vector<metrics::Family> families;
  source(families);
  CHECK(families.size() == 3);
}

}  // namespace derp::relay
