// Stage port80: every answer of /generate_204 has its code, a dead host has one fault only.
#include <catch2/catch.hpp>

#include "tests/integration/diagnosis/faulty_relay.h"
#include "tests/integration/diagnosis/packet_relay.h"
#include "tests/integration/diagnosis/walk_fixture.h"

using namespace derp;
using namespace derp::diagnosis;
using test::FaultyRelay;
using test::PacketRelay;
using test::RelaySide;
using test::WalkFixture;

namespace {

using Texts = std::vector<std::string>;
using Web = std::function<void(RelaySide&)>;

// A good relay, and beside it what `web` plays on port 80; nothing at all when it is empty.
struct Site {
  PacketRelay packets{test::Unchanged};
  FaultyRelay relay{test::MakeTestTls({"127.0.0.1"}, std::nullopt),
                    [this](RelaySide& side, int index) { packets.Play(side, index); }};
  FaultyRelay web;

  explicit Site(const Web& play)
      : web([play](net::Fd fd, int) {
          RelaySide side(std::move(fd), nullptr);
          play(side);
        }) {}

  derpmap::Node Node() const {
    derpmap::Node node = relay.Node();
    node.can_port80 = true;
    return node;
  }
};

RunReport WalkWeb(const Web& play, bool hurry = false) {
  const Site site(play);
  WalkFixture fixture;
  if (hurry) fixture.context.caps.tcp = std::chrono::milliseconds(400);
  fixture.asked.side = true;
  fixture.context.web_port = site.web.port();
  derpmap::Node node = site.Node();
  RunReport report = fixture.Walk(node);
  std::erase_if(report.findings, [](const Finding& f) { return f.code == "latency.failed"; });
  return report;
}

std::uint16_t ClosedPort() {
  const net::Fd fd = net::ListenTcp(SocketAddress::Parse("127.0.0.1:0").value(), {}).value();
  return net::LocalAddress(fd.get()).value().port;
}

std::string Challenge(const std::string& head) {
  const std::string name = "X-Tailscale-Challenge: ";
  const std::size_t at = head.find(name);
  REQUIRE(at != std::string::npos);
  return head.substr(at + name.size(), head.find('\r', at) - at - name.size());
}

}  // namespace

TEST_CASE("port 80 that echoes the challenge is fine", "[diagnosis][port80]") {
  const RunReport report = WalkWeb([](RelaySide& side) {
    const std::string head = side.ReadHead();
    const std::string challenge = Challenge(head);
    CHECK(head.starts_with("GET /generate_204 HTTP/1.1\r\nHost: 127.0.0.1\r\n"));
    CHECK(challenge.size() <= 64);
    side.SendText(
        "HTTP/1.1 204 No Content\r\nDate: Sat, 21 Nov 2026 11:10:23 GMT\r\n"
        "X-Tailscale-Response: response " +
        challenge + "\r\n\r\n");
    side.Close();
  });
  CHECK(test::CodesOf(report).empty());
  CHECK(report.nodes[0].Worst(Stage::kPort80) == Outcome::kOk);
  CHECK(report.nodes[0].clock_offset);
}

TEST_CASE("answers of others than the relay have their code", "[diagnosis][port80]") {
  struct Row {
    const char* answer;
    const char* code;
    const char* words;
  };
  const auto row = GENERATE(values<Row>({
      {"HTTP/1.1 204 No Content\r\n\r\n", "port80.no_challenge", "without the challenge"},
      {"HTTP/1.1 204 No Content\r\nX-Tailscale-Response: response x\r\n\r\n", "port80.no_challenge",
       "without the challenge"},
      {"HTTP/1.1 302 Found\r\nLocation: http://portal.test/\r\nContent-Length: 0\r\n\r\n",
       "port80.not_204", "status 302 Found to http://portal.test/"},
      {"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n", "port80.not_204",
       "status 200 OK, server nginx"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "port80.not_204", "no HTTP"},
      {"", "port80.not_204", "connected: EOF"},
  }));
  CAPTURE(row.answer);
  const RunReport report = WalkWeb([&row](RelaySide& side) {
    side.ReadHead();
    side.SendText(row.answer);
    side.Close();
  });
  REQUIRE(test::CodesOf(report) == Texts{row.code});
  CHECK(report.findings[0].fact.find(row.words) != std::string::npos);
  CHECK_FALSE(report.nodes[0].clock_offset);
  CHECK(report.nodes[0].Worst(Stage::kPort80) == Outcome::kWarn);
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
}

TEST_CASE("port 80 that takes the question and says nothing is given up", "[diagnosis][port80]") {
  const RunReport report = WalkWeb([](RelaySide& side) { side.AtEnd(); }, true);
  REQUIRE(test::CodesOf(report) == Texts{"port80.not_204"});
  INFO(report.findings[0].fact);
  CHECK(report.findings[0].fact.find("connected, then no answer in 4") != std::string::npos);
}

TEST_CASE("a closed port 80 matters only where the map promises one", "[diagnosis][port80]") {
  const Site site([](RelaySide&) {});
  WalkFixture fixture;
  fixture.asked.side = true;
  fixture.context.web_port = ClosedPort();
  const bool promised = GENERATE(true, false);
  derpmap::Node node = site.Node();
  node.can_port80 = promised;
  const RunReport report = fixture.Walk(node);
  const StageResult* result = report.nodes[0].Find(Stage::kPort80, {});
  REQUIRE(result != nullptr);
  CHECK(result->outcome == (promised ? Outcome::kWarn : Outcome::kSkipped));
  CHECK(result->code == (promised ? "port80.closed" : ""));
}

TEST_CASE("a stopped relay's port 80 is no second fault", "[diagnosis][port80]") {
  WalkFixture fixture;
  fixture.asked.side = true;
  fixture.context.web_port = ClosedPort();
  derpmap::Node node;
  node.name = "1a";
  node.region_id = 1;
  node.host_name = "127.0.0.1";
  node.ipv4 = "127.0.0.1";
  node.ipv6 = "none";
  node.stun_port = -1;
  node.derp_port = ClosedPort();
  node.can_port80 = true;
  const RunReport report = fixture.Walk(node);
  CHECK(test::CodesOf(report) == Texts{"tcp.refused"});
  CHECK(report.nodes[0].Find(Stage::kPort80, {})->after == Stage::kTcp);
}
