// Several connections with one key: what they are told, and that a quarrel costs nobody anything.
#include <catch2/catch.hpp>

#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

// The next Health message's text.
std::string ReceiveHealth(TestClient& client) {
  while (true) {
    const auto message = client.raw().Receive(Soon());
    if (!message) FAIL("no message: " << message.error().error.context);
    if (const auto* health = std::get_if<Health>(&*message)) return std::string(health->problem);
  }
}

}  // namespace

TEST_CASE("every duplicate of a key is told that it is one, and the last that it is alone",
          "[relay]") {
  RelayFixture f;
  const NodePrivate key = NodePrivate::Generate(f.random());
  auto first = f.Connect(Way::kTls, key);
  CHECK(first.CountUntilPong<Health>() == 0);
  std::string problem;
  {
    auto second = f.Connect(Way::kPlain, key);
    problem = ReceiveHealth(first);
    CHECK(problem.find("duplicate connection") == 0);
    CHECK(ReceiveHealth(second) == problem);
    {
      auto third = f.Connect(Way::kFastStart, key);
      CHECK(ReceiveHealth(third) == problem);
    }
    f.WaitForMetric("derp_current_dup_client_conns", 2);
    // Told once: neither the third nor its departure changed what holds for the others.
    CHECK(first.CountUntilPong<Health>() == 0);
    CHECK(second.CountUntilPong<Health>() == 0);
  }
  CHECK(ReceiveHealth(first).empty());
  auto again = f.Connect(Way::kTls, key);
  CHECK(ReceiveHealth(first) == problem);
  CHECK(ReceiveHealth(again) == problem);
}

TEST_CASE("two connections that fight for a key disturb no third party", "[relay]") {
  RelayFixture f;
  const NodePrivate key = NodePrivate::Generate(f.random());
  auto a = f.Connect(Way::kTls, key);
  auto b = f.Connect(Way::kTls, key);
  auto sender = f.Connect();
  auto witness = f.Connect();
  for (int i = 0; i < 500; ++i) {
    (i % 2 == 0 ? a : b).RoundTrip();
    sender.Send(key.Public(), Bytes(100, 1));
  }
  sender.RoundTrip();
  witness.RoundTrip();
  const double sent = f.Metric("derp_packets_sent");
  CHECK(sent + f.Metric("derp_packets_dropped", {"dup_client", "other"}) <= 500);
  CHECK(f.Metric("derp_packets_dropped", {"dup_client", "other"}) == 0);
}
