// Faults of STUN, and rule 1: a stopped relay is one finding.
#include <catch2/catch.hpp>

#include "common/diagnosis/stage_stun.h"
#include "common/diagnosis/trust/udp_reference.h"
#include "tests/integration/diagnosis/lone_network.h"
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

namespace {

// What a server does with the five requests of Tailscale's clients and the two plain ones behind.
Texts CodesFor(test::Script script) {
  const test::ScriptedServer server("127.0.0.1:0", std::move(script));
  WalkFixture fixture;
  fixture.HurryUp();
  return test::CodesOf(fixture.Walk(StunNode(server.address().port)));
}

Bytes Right(const stun::TransactionId& id, const SocketAddress& source) {
  return stun::BuildResponse(id, source);
}

}  // namespace

TEST_CASE("an answer from another port is stun.foreign_source", "[diagnosis][stun]") {
  CHECK(CodesFor([](const auto& id, const auto& source, unsigned) -> std::vector<test::Answer> {
          return {{Right(id, source), true}};
        }) == Texts{"stun.foreign_source"});
}

TEST_CASE("answers of no use are stun.malformed", "[diagnosis][stun]") {
  const auto text = [](const auto&, const auto&, unsigned) -> std::vector<test::Answer> {
    return {{Bytes{'h', 'e', 'l', 'l', 'o'}}};
  };
  CHECK(CodesFor(text) == Texts{"stun.malformed"});
  const auto foreign = [](const auto&, const auto& source, unsigned) -> std::vector<test::Answer> {
    stun::TransactionId other;
    other.bytes.fill(7);
    return {{Right(other, source)}};
  };
  CHECK(CodesFor(foreign) == Texts{"stun.malformed"});
  const auto without_address = [](const auto& id, const auto& source,
                                  unsigned) -> std::vector<test::Answer> {
    Bytes bytes = Right(id, source);
    bytes.resize(20);
    bytes[2] = bytes[3] = 0;
    return {{bytes}};
  };
  CHECK(CodesFor(without_address) == Texts{"stun.malformed"});
}

TEST_CASE("a wrong answer beside the right one is nothing", "[diagnosis][stun]") {
  CHECK(CodesFor([](const auto& id, const auto& source, unsigned) -> std::vector<test::Answer> {
          return {{Bytes{'x'}}, {Right(id, source)}};
        }).empty());
}

TEST_CASE("an answer to plain requests only is stun.not_derper", "[diagnosis][stun]") {
  const test::PlainStunServer server;
  WalkFixture fixture;
  fixture.HurryUp();
  CHECK(test::CodesOf(fixture.Walk(StunNode(server.port()))) == Texts{"stun.not_derper"});
}

TEST_CASE("an address of the other family is stun.mapped_family", "[diagnosis][stun]") {
  const StunResponder server("127.0.0.1", {.mapped = SocketAddress::Parse("[2001:db8::1]:4000")});
  CHECK(test::CodesOf(WalkFixture().Walk(StunNode(server.port()))) == Texts{"stun.mapped_family"});
}

TEST_CASE("of three hosts the one that sees another address is stun.mapped_differs",
          "[diagnosis][stun]") {
  const auto usual = SocketAddress::Parse("203.0.113.7:4000");
  const StunResponder first("127.0.0.1", {.mapped = usual});
  const StunResponder second("127.0.0.2", {.mapped = SocketAddress::Parse("203.0.113.9:4000")});
  const StunResponder third("127.0.0.3", {.mapped = usual});
  std::vector<WalkTask> tasks;
  for (const auto& [ip, port] :
       {std::pair("127.0.0.1", first.port()), std::pair("127.0.0.2", second.port()),
        std::pair("127.0.0.3", third.port())}) {
    WalkTask task;
    task.region = "lab";
    task.region_id = 1;
    task.node = StunNode(port);
    task.node.name = ip;
    task.node.host_name = ip;
    task.node.ipv4 = ip;
    task.asked = {.side = false, .ws = false};
    tasks.push_back(std::move(task));
  }
  WalkFixture fixture;
  Measurer measurer(fixture.context);
  const RunReport report = Judge(measurer.Measure(std::move(tasks)));
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].code == "stun.mapped_differs");
  CHECK(report.findings[0].node == "127.0.0.2");
  CHECK(report.exit_status == 0);
}

TEST_CASE("a relay on a public address that reports a private one has a proxy in front",
          "[diagnosis][stun]") {
  const auto outcome = test::InLoneNetwork({"198.51.100.1"}, [] {
    const StunResponder server("198.51.100.1", {.mapped = SocketAddress::Parse("172.17.0.1:4000")});
    derpmap::Node node = StunNode(server.port());
    node.host_name = "198.51.100.1";
    node.ipv4 = "198.51.100.1";
    return test::CodesOf(WalkFixture().Walk(node)) == Texts{"stun.mapped_private"};
  });
  if (!outcome) {
    WARN("skipped: this system refuses a network namespace");
    return;
  }
  CHECK(*outcome);
}

TEST_CASE("a UDP reference tells whether UDP works from here", "[diagnosis][stun]") {
  WalkFixture fixture;
  fixture.HurryUp();
  const StunResponder server("127.0.0.1");
  const auto place = [](std::uint16_t port) { return "relay.test:" + std::to_string(port); };
  CHECK(AskUdpReference(place(server.port()), fixture.context).answered);
  const StunResponder silent("127.0.0.1", {.ignore_first = StunResponder::kAll});
  const UdpReference nothing = AskUdpReference(place(silent.port()), fixture.context);
  CHECK_FALSE(nothing.answered);
  CHECK(nothing.outcome.starts_with("no answer to 5 requests in "));
  CHECK_FALSE(AskUdpReference("nowhere.test:3478", fixture.context).answered);
  CHECK(AskUdpReference("relay.test", fixture.context).outcome == "no HOST:PORT");
}
