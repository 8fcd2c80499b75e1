// Faults of http, derp and relay: exactly their code is reported.
#include <catch2/catch.hpp>

#include "common/wire/messages.h"
#include "common/wire/upgrade.h"
#include "tests/integration/diagnosis/faulty_relay.h"
#include "tests/integration/diagnosis/packet_relay.h"
#include "tests/integration/diagnosis/walk_fixture.h"

using namespace derp;
using namespace derp::diagnosis;
using test::FaultyRelay;
using test::PacketRelay;
using test::RelaySide;
using test::Unchanged;
using test::WalkFixture;

namespace {

using Texts = std::vector<std::string>;

test::TestTls Certificate() { return test::MakeTestTls({"127.0.0.1"}, std::nullopt); }

struct Server {
  SystemRandom random;
  NodePrivate key = NodePrivate::Generate(random);
};

// Upgrade and greeting as a relay does them.
void Greet(RelaySide& side, const NodePrivate& key) {
  side.ReadHead();
  Bytes bytes;
  AppendText(bytes, wire::UpgradeReplyText(key.Public()));
  wire::AppendServerKey(bytes, key.Public());
  side.Send(bytes);
}

RunReport WalkAnswer(const std::string& answer, bool hurry = false) {
  const FaultyRelay relay(Certificate(), [&answer](RelaySide& side, int) {
    side.ReadHead();
    side.SendText(answer);
    side.Close();
  });
  WalkFixture fixture;
  if (hurry) fixture.HurryUp();
  return fixture.Walk(relay.Node());
}

RunReport WalkPackets(PacketRelay::Change change, bool hurry = false) {
  PacketRelay packets(std::move(change));
  const FaultyRelay relay(Certificate(),
                          [&packets](RelaySide& side, int index) { packets.Play(side, index); });
  WalkFixture fixture;
  if (hurry) fixture.HurryUp();
  return fixture.Walk(relay.Node());
}

}  // namespace

TEST_CASE("every answer to the upgrade has its code", "[diagnosis][http]") {
  struct Row {
    const char* answer;
    const char* code;
  };
  const auto row = GENERATE(values<Row>({
      {"HTTP/1.1 302 Found\r\nLocation: https://x.test/\r\nContent-Length: 0\r\n\r\n",
       "http.redirect"},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 21\r\n\r\nderp server disabled\n",
       "http.derp_disabled"},
      {"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n", "http.upgrade_refused"},
      {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "http.upgrade_refused"},
      {"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 6\r\n\r\n<html>", "http.not_derp"},
      {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "http.not_derp"},
      {"\x15\x03\x03 this is no HTTP", "http.malformed"},
      {"", "http.closed"},
  }));
  CAPTURE(row.answer);
  const RunReport report = WalkAnswer(row.answer);
  REQUIRE(test::CodesOf(report) == Texts{row.code});
  CHECK(report.nodes[0].Worst(Stage::kHttp) == Outcome::kFail);
  CHECK(report.nodes[0].Worst(Stage::kDerp) == Outcome::kNotReached);
  CHECK(report.nodes[0].Worst(Stage::kRelay) == Outcome::kNotReached);
}

TEST_CASE("a proxy that drops the upgrade is told by the relay behind it", "[diagnosis][http]") {
  const FaultyRelay relay(Certificate(), [](RelaySide& side, int index) {
    side.ReadHead();
    side.SendText(index == 0 ? "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n"
                             : "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n"
                               "Content-Length: 0\r\n\r\n");
    side.AtEnd();
  });
  CHECK(test::CodesOf(WalkFixture().Walk(relay.Node())) == Texts{"http.upgrade_stripped"});
}

TEST_CASE("an upgrade nobody answers is http.timeout", "[diagnosis][http]") {
  const FaultyRelay relay(Certificate(), [](RelaySide& side, int) { side.AtEnd(); });
  WalkFixture fixture;
  fixture.HurryUp();
  CHECK(test::CodesOf(fixture.Walk(relay.Node())) == Texts{"http.timeout"});
}

TEST_CASE("what a peer says is shown cut and printable", "[diagnosis][http]") {
  const RunReport report =
      WalkAnswer("HTTP/1.1 200 OK\r\nServer: \x1b[31mred\r\nContent-Length: 4\r\n\r\n\x1b[0m");
  REQUIRE(report.findings.size() >= 1);
  CHECK(report.findings[0].fact.find('\x1b') == std::string::npos);
}

TEST_CASE("a greeting may be wrong, late or missing", "[diagnosis][derp]") {
  const Server server;
  const std::string upgrade = wire::UpgradeReplyText(server.key.Public());
  CHECK(test::CodesOf(WalkAnswer(upgrade + std::string("\x01\x00\x00\x00\x04nope", 9))) ==
        Texts{"derp.bad_greeting"});
  CHECK(test::CodesOf(WalkAnswer(upgrade)) == Texts{"derp.greeting_closed"});
  const FaultyRelay silent(Certificate(), [&upgrade](RelaySide& side, int) {
    side.ReadHead();
    side.SendText(upgrade);
    side.AtEnd();
  });
  WalkFixture fixture;
  fixture.HurryUp();
  CHECK(test::CodesOf(fixture.Walk(silent.Node())) == Texts{"derp.greeting_timeout"});
}

TEST_CASE("a refused throw-away key leaves the relay untested", "[diagnosis][derp]") {
  const Server server;
  const FaultyRelay relay(Certificate(), [&server](RelaySide& side, int) {
    Greet(side, server.key);
    side.ReadFrame();
    side.Close();
  });
  WalkFixture fixture;
  const RunReport report = fixture.Walk(relay.Node());
  CHECK(test::CodesOf(report) == Texts{"admission.closed"});
  CHECK(report.nodes[0].Worst(Stage::kDerp) == Outcome::kWarn);
  CHECK(report.nodes[0].Worst(Stage::kRelay) == Outcome::kSkipped);
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
  CHECK(report.exit_status == 0);
  fixture.mesh_key = MeshKey::Parse(std::string(64, 'a'));
  CHECK(test::CodesOf(fixture.Walk(relay.Node())) == Texts{"derp.login_refused"});
}

TEST_CASE("a login may be answered late or unreadably", "[diagnosis][derp]") {
  const Server server;
  const FaultyRelay silent(Certificate(), [&server](RelaySide& side, int) {
    Greet(side, server.key);
    side.AtEnd();
  });
  WalkFixture fixture;
  fixture.HurryUp();
  CHECK(test::CodesOf(fixture.Walk(silent.Node())) == Texts{"derp.login_timeout"});
  const FaultyRelay unreadable(Certificate(), [&server](RelaySide& side, int) {
    Greet(side, server.key);
    side.ReadFrame();
    Bytes frame;
    wire::AppendFrame(frame, wire::FrameType::kServerInfo, Bytes(80, 7));
    side.Send(frame);
    side.AtEnd();
  });
  CHECK(test::CodesOf(WalkFixture().Walk(unreadable.Node())) == Texts{"derp.bad_server_info"});
}

TEST_CASE("the mesh key goes over verified connections only", "[diagnosis][derp]") {
  const Server server;
  std::atomic<int> with_key = 0;
  std::atomic<int> logins = 0;
  const FaultyRelay relay(Certificate(), [&](RelaySide& side, int) {
    const auto info = side.LogIn(server.key);
    ++logins;
    if (info.info.mesh_key) ++with_key;
    side.Close();
  });
  WalkFixture fixture;
  fixture.mesh_key = MeshKey::Parse(std::string(64, 'a'));
  derpmap::Node node = relay.Node();
  node.cert_name.clear();
  node.insecure_for_tests = true;
  (void)fixture.Walk(node);
  CHECK(logins > 0);
  CHECK(with_key == 0);
  (void)fixture.Walk(relay.Node());
  CHECK(with_key > 0);
}

TEST_CASE("different keys on one node are several relays", "[diagnosis][derp]") {
  const FaultyRelay relay(Certificate(), [](RelaySide& side, int) {
    const Server server;
    side.LogIn(server.key);
    side.AtEnd();
  });
  WalkFixture fixture;
  fixture.HurryUp();
  fixture.asked.greetings = 3;
  const RunReport report = fixture.Walk(relay.Node());
  CHECK(test::CodesOf(report) == Texts{"derp.several_keys"});
  CHECK(report.nodes[0].Worst(Stage::kDerp) == Outcome::kFail);
}

TEST_CASE("a relay that passes packets on is usable", "[diagnosis][relay]") {
  const RunReport report = WalkPackets(Unchanged);
  CHECK(test::CodesOf(report).empty());
  CHECK(report.nodes[0].verdict == Verdict::kUsable);
  CHECK(report.nodes[0].relay_rtt);
  CHECK(report.nodes[0].relay_first);
  CHECK(report.exit_status == 0);
}

TEST_CASE("packets that never arrive are relay.lost", "[diagnosis][relay]") {
  const RunReport report = WalkPackets([](ByteView, int) { return std::nullopt; }, true);
  REQUIRE(test::CodesOf(report) == Texts{"relay.lost"});
  CHECK(report.findings[0].fact.starts_with("0 of "));
  CHECK(report.nodes[0].relay_sent > 0);
  CHECK(report.nodes[0].relay_received == 0);
  CHECK(report.nodes[0].verdict == Verdict::kUnusable);
}

TEST_CASE("some lost packets are relay.loss", "[diagnosis][relay]") {
  const RunReport report = WalkPackets([](ByteView packet, int number) -> std::optional<Bytes> {
    if (number == 5 || number == 9) return std::nullopt;
    return Unchanged(packet, number);
  });
  REQUIRE(test::CodesOf(report) == Texts{"relay.loss"});
  CHECK(report.findings[0].fact == "2 of 20 packets lost");
  CHECK(report.nodes[0].relay_sent == 20);
  CHECK(report.nodes[0].relay_received == 18);
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
}

TEST_CASE("a changed packet is relay.corrupt", "[diagnosis][relay]") {
  const RunReport report = WalkPackets([](ByteView packet, int number) -> std::optional<Bytes> {
    Bytes bytes = *Unchanged(packet, number);
    if (number == 3) bytes.back() ^= 1;
    return bytes;
  });
  CHECK(test::CodesOf(report) == Texts{"relay.corrupt"});
}

TEST_CASE("a connection ended in mid exchange is relay.closed", "[diagnosis][relay]") {
  const Server server;
  const FaultyRelay relay(Certificate(), [&server](RelaySide& side, int index) {
    side.LogIn(server.key);
    if (index == 0) {
      side.AtEnd();
    } else {
      side.Close();
    }
  });
  CHECK(test::CodesOf(WalkFixture().Walk(relay.Node())) == Texts{"relay.closed"});
}

TEST_CASE("a relay that restarts in mid exchange is relay.closed, and its word is told",
          "[diagnosis][relay]") {
  const Server server;
  const int leaves_first = GENERATE(0, 1);
  const FaultyRelay relay(Certificate(), [&](RelaySide& side, int index) {
    side.LogIn(server.key);
    if (index != leaves_first) {
      side.AtEnd();
      return;
    }
    Bytes restarting;
    wire::AppendRestarting(restarting, {.reconnect_in = {}, .try_for = {}});
    side.Send(restarting);
    side.Close();
  });
  const RunReport report = WalkFixture().Walk(relay.Node());
  REQUIRE(test::CodesOf(report) == Texts{"relay.closed"});
  CHECK_THAT(report.findings[0].fact, Catch::StartsWith("it said that it restarts, then: "));
  CHECK(report.findings[0].advice == "check again when the relay has restarted");
}

TEST_CASE("packets kept back are relay.slow", "[diagnosis][relay]") {
  PacketRelay packets(Unchanged, std::chrono::milliseconds(150));
  const FaultyRelay relay(Certificate(),
                          [&packets](RelaySide& side, int index) { packets.Play(side, index); });
  const RunReport report = WalkFixture().Walk(relay.Node());
  CHECK(test::CodesOf(report) == Texts{"relay.slow"});
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
}

TEST_CASE("two relays that do not know each other are mesh.not_meshed", "[diagnosis][mesh]") {
  PacketRelay packets_a(Unchanged);
  PacketRelay packets_b(Unchanged);
  const FaultyRelay relay_a(Certificate(),
                            [&](RelaySide& side, int i) { packets_a.Play(side, i); });
  const FaultyRelay relay_b(Certificate(),
                            [&](RelaySide& side, int i) { packets_b.Play(side, i); });
  WalkFixture fixture;
  fixture.context.caps.mesh = std::chrono::milliseconds(600);
  std::vector<WalkTask> tasks(2);
  for (WalkTask& task : tasks) {
    task.region = "lab";
    task.region_id = 1;
    task.asked = fixture.asked;
  }
  tasks[0].node = relay_a.Node();
  tasks[1].node = relay_b.Node();
  tasks[1].node.name = "1b";
  Measurer measurer(fixture.context);
  const RunReport report = Judge(measurer.Measure(tasks));
  REQUIRE(test::CodesOf(report) == Texts{"mesh.not_meshed"});
  CHECK(report.findings[0].node == "1a");
  CHECK(report.findings[0].peers == Texts{"1b"});
  CHECK(report.counts.impaired == 2);
  CHECK(report.nodes[0].Worst(Stage::kMesh) == Outcome::kFail);
  CHECK(report.nodes[1].Worst(Stage::kMesh) == Outcome::kFail);
}
