// Faults of STUN, and rule 1: a stopped relay is one finding.
#include <catch2/catch.hpp>

#include "common/diagnosis/stage_stun.h"
#include "tests/integration/diagnosis/walk_fixture.h"
#include "tests/support/stun_responder.h"

using namespace derp;
using namespace derp::diagnosis;
using test::StunResponder;
using test::WalkFixture;

namespace {

using Texts = std::vector<std::string>;

derpmap::Node StunNode(std::uint16_t port) {
  derpmap::Node node;
  node.name = "1a";
  node.host_name = "127.0.0.1";
  node.ipv4 = "127.0.0.1";
  node.ipv6 = "none";
  node.stun_port = port;
  node.stun_only = true;
  return node;
}

}  // namespace

TEST_CASE("five requests are asked one after another without waiting", "[diagnosis][stun]") {
  const StunResponder server("127.0.0.1");
  const RunReport report = WalkFixture().Walk(StunNode(server.port()));
  CHECK(test::CodesOf(report).empty());
  CHECK(server.requests() == kStunRequests);
  CHECK(report.nodes[0].StunRtt());
  CHECK(report.nodes[0].Worst(Stage::kTcp) == Outcome::kSkipped);
  CHECK(report.nodes[0].verdict == Verdict::kUsable);
}

TEST_CASE("a silent server is stun.no_reply after five requests", "[diagnosis][stun]") {
  const StunResponder server("127.0.0.1", {.ignore_first = StunResponder::kAll});
  WalkFixture fixture;
  fixture.HurryUp();
  const RunReport report = fixture.Walk(StunNode(server.port()));
  REQUIRE(test::CodesOf(report) == Texts{"stun.no_reply"});
  CHECK(std::get<std::int64_t>(report.findings[0].data.at("sent")) == 5);
}

TEST_CASE("two lost requests are stun.loss", "[diagnosis][stun]") {
  const StunResponder server("127.0.0.1", {.ignore_first = 2});
  WalkFixture fixture;
  fixture.context.caps.stun = std::chrono::seconds(1);
  CHECK(test::CodesOf(fixture.Walk(StunNode(server.port()))) == Texts{"stun.loss"});
}

TEST_CASE("a closed UDP port is stun.refused", "[diagnosis][stun]") {
  std::uint16_t port = 0;
  {
    const StunResponder gone("127.0.0.1");
    port = gone.port();
  }
  const RunReport report = WalkFixture().Walk(StunNode(port));
  CHECK(test::CodesOf(report) == Texts{"stun.refused"});
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
}

TEST_CASE("a stopped relay refuses both and is tcp.refused alone", "[diagnosis][stun]") {
  std::uint16_t port = 0;
  {
    const StunResponder gone("127.0.0.1");
    port = gone.port();
  }
  derpmap::Node node = StunNode(port);
  node.stun_only = false;
  node.derp_port = port;
  const RunReport report = WalkFixture().Walk(node);
  CHECK(test::CodesOf(report) == Texts{"tcp.refused"});
  CHECK(report.nodes[0].Worst(Stage::kStun) == Outcome::kNotReached);
}
