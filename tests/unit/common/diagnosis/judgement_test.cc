#include "common/diagnosis/judgement.h"

#include <catch2/catch.hpp>

#include "tests/support/node_reports.h"

using namespace derp;
using namespace derp::diagnosis;
using namespace derp::test;

namespace {

RunReport JudgeNodes(std::vector<NodeReport> nodes) {
  Measurement measured;
  measured.nodes = std::move(nodes);
  for (NodeReport& node : measured.nodes) node.single_in_region = true;
  return Judge(std::move(measured));
}

std::vector<std::string> Codes(const RunReport& report) {
  std::vector<std::string> codes;
  for (const Finding& finding : report.findings) codes.push_back(finding.code);
  return codes;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a healthy node is usable and the exit status is 0", "[diagnosis][judge]") {
  const RunReport report = JudgeNodes({HealthyNode("5a", "192.0.2.1")});
  CHECK(report.nodes[0].verdict == Verdict::kUsable);
  CHECK(report.regions[0].verdict == Verdict::kUsable);
  CHECK(report.findings.empty());
  CHECK(report.exit_status == 0);
}

TEST_CASE("nothing to judge is a failure", "[diagnosis][judge]") {
  CHECK(JudgeNodes({}).exit_status == 1);
}

TEST_CASE("one fault on both families is one finding", "[diagnosis][judge]") {
  NodeReport node = NamedNode("5a", "192.0.2.1");
  node.targets.push_back(NamedNode("5a", "2001:db8::1").targets[0]);
  AddChain(node, kV4, "cert.expired");
  AddChain(node, kV6, "cert.expired");
  AddRelayNotReached(node, Stage::kCert);
  AddStun(node, kV4);
  AddStun(node, kV6);
  const RunReport report = JudgeNodes({node});
  REQUIRE(Codes(report) == Texts{"cert.expired"});
  const Finding& finding = report.findings[0];
  CHECK(finding.families == std::vector<AddressFamily>{kV4, kV6});
  CHECK(finding.where == "derp5a.example.net:443 (192.0.2.1, 2001:db8::1)");
  CHECK(finding.fact == "cert.expired over ipv4; cert.expired over ipv6");
  CHECK(finding.not_reached ==
        std::vector<Stage>{Stage::kHttp, Stage::kDerp, Stage::kRelay, Stage::kMesh});
  CHECK(report.nodes[0].verdict == Verdict::kUnusable);
  CHECK(report.exit_status == 1);
}

TEST_CASE("a family that fails beside one that serves impairs the node", "[diagnosis][judge]") {
  NodeReport node = HealthyNode("5a", "192.0.2.1");
  node.targets.push_back(NamedNode("5a", "2001:db8::1").targets[0]);
  AddChain(node, kV6, "tls.reset");
  AddStun(node, kV6);
  CHECK(JudgeNodes({node}).nodes[0].verdict == Verdict::kImpaired);
}

TEST_CASE("a silent STUN port impairs a node whose relay works", "[diagnosis][judge]") {
  NodeReport silent = NamedNode("5b", "192.0.2.2");
  AddChain(silent, kV4);
  AddRelay(silent);
  AddStun(silent, kV4, "stun.no_reply");
  const RunReport report = JudgeNodes({HealthyNode("5a", "192.0.2.1"), silent});
  CHECK(Codes(report) == Texts{"stun.no_reply"});
  CHECK(report.nodes[1].verdict == Verdict::kImpaired);
  CHECK(report.findings[0].where == "derp5b.example.net:3478 (192.0.2.2)");
}

TEST_CASE("a stopped relay that refuses TCP and STUN alike is one finding", "[diagnosis][judge]") {
  const RunReport report =
      JudgeNodes({HealthyNode("5a", "192.0.2.1"),
                  FailingNode("5b", "192.0.2.2", "tcp.refused", "stun.refused")});
  CHECK(Codes(report) == Texts{"tcp.refused"});
  const StageResult* stun = report.nodes[1].Find(Stage::kStun, kV4);
  REQUIRE(stun != nullptr);
  CHECK(stun->outcome == Outcome::kNotReached);
  CHECK(stun->after == Stage::kTcp);
  CHECK(report.nodes[1].verdict == Verdict::kUnusable);
}

TEST_CASE("silence on every address is node.unreachable while others answer",
          "[diagnosis][judge]") {
  const RunReport report =
      JudgeNodes({HealthyNode("5a", "192.0.2.1"),
                  FailingNode("5b", "192.0.2.2", "tcp.timeout", "stun.no_reply")});
  REQUIRE(Codes(report) == Texts{"node.unreachable"});
  CHECK(report.findings[0].fact.find("cannot be told") == std::string::npos);
  CHECK(report.nodes[1].Find(Stage::kTcp, kV4)->code == "node.unreachable");
  CHECK(report.nodes[1].Find(Stage::kStun, kV4)->outcome == Outcome::kNotReached);
}

TEST_CASE("with one host silence keeps the node's own code and says what cannot be told",
          "[diagnosis][judge]") {
  const RunReport report =
      JudgeNodes({FailingNode("5b", "192.0.2.2", "tcp.timeout", "stun.no_reply")});
  REQUIRE(Codes(report) == Texts{"node.unreachable"});
  CHECK(report.findings[0].fact.find("with one host this cannot be told") != std::string::npos);
  CHECK(report.nodes[0].verdict == Verdict::kUnusable);
}

TEST_CASE("when no host answers the prober is offline and every verdict unknown",
          "[diagnosis][judge]") {
  const RunReport report =
      JudgeNodes({FailingNode("5a", "192.0.2.1", "tcp.timeout", "stun.no_reply"),
                  FailingNode("5b", "192.0.2.2", "tcp.unreachable", "stun.no_reply")});
  CHECK(Codes(report) == Texts{"prober.offline"});
  CHECK(report.counts.unknown == 2);
  CHECK(report.nodes[0].Find(Stage::kTls, kV4)->reason == kOfflineReason);
  CHECK(report.nodes[0].Find(Stage::kRelay, {})->reason == kOfflineReason);
  CHECK(report.regions[0].verdict == Verdict::kUnknown);
  CHECK(report.exit_status == 1);
}

TEST_CASE("a refusal is an answer: the prober is not offline", "[diagnosis][judge]") {
  const RunReport report =
      JudgeNodes({FailingNode("5a", "192.0.2.1", "tcp.refused", "stun.refused"),
                  FailingNode("5b", "192.0.2.2", "tcp.refused", "stun.refused")});
  CHECK(Codes(report) == Texts{"tcp.refused", "tcp.refused"});
}

TEST_CASE("UDP silent for every host while TCP works is the prober's trouble",
          "[diagnosis][judge]") {
  std::vector<NodeReport> nodes;
  for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) {
    NodeReport node = NamedNode(ip, ip);
    AddChain(node, kV4);
    AddRelay(node);
    AddStun(node, kV4, "stun.no_reply");
    nodes.push_back(node);
  }
  const RunReport report = JudgeNodes(nodes);
  CHECK(Codes(report) == Texts{"prober.udp_blocked"});
  CHECK(report.nodes[0].verdict == Verdict::kUsable);
  CHECK(report.nodes[0].Find(Stage::kStun, kV4)->outcome == Outcome::kSkipped);
  CHECK(report.exit_status == 1);
}

TEST_CASE("two nodes on one address are one host", "[diagnosis][judge]") {
  std::vector<NodeReport> nodes;
  for (const auto* name : {"5a", "5b"}) {
    NodeReport node = NamedNode(name, "192.0.2.1");
    AddChain(node, kV4);
    AddRelay(node);
    AddStun(node, kV4, "stun.no_reply");
    nodes.push_back(node);
  }
  const RunReport report = JudgeNodes(nodes);
  CHECK(Codes(report) == Texts{"stun.no_reply", "stun.no_reply"});
  CHECK(report.findings[0].fact.find("UDP blocked at the prober") != std::string::npos);
}

TEST_CASE("a family without a route is said once and spoils no verdict", "[diagnosis][judge]") {
  std::vector<NodeReport> nodes;
  for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) {
    NodeReport node = HealthyNode(ip, ip);
    Recorder(node).Skip(Stage::kTcp, kV6, kNoIpv6Reason);
    nodes.push_back(node);
  }
  const RunReport report = JudgeNodes(nodes);
  CHECK(Codes(report) == Texts{"prober.no_ipv6"});
  CHECK(report.counts.usable == 2);
  CHECK(report.exit_status == 0);
}

TEST_CASE("a node the prober has no family for is unknown", "[diagnosis][judge]") {
  NodeReport node = NamedNode("5a", "2001:db8::1");
  for (const Stage stage : {Stage::kTcp, Stage::kTls, Stage::kCert, Stage::kHttp, Stage::kDerp}) {
    Recorder(node).Skip(stage, kV6, kNoIpv6Reason);
  }
  Recorder(node).Skip(Stage::kRelay, {}, "no family to connect by");
  const RunReport report = JudgeNodes({node});
  CHECK(report.nodes[0].verdict == Verdict::kUnknown);
  CHECK(report.exit_status == 1);
}

TEST_CASE("an expiring certificate is an error that stops no client", "[diagnosis][judge]") {
  NodeReport node = NamedNode("5a", "192.0.2.1");
  Recorder recorder(node);
  recorder.Ok(Stage::kTcp, kV4, {});
  recorder.Ok(Stage::kTls, kV4, {});
  recorder.Decide(Stage::kCert, kV4, {}, MakeFinding("cert.expiring_soon"));
  recorder.Ok(Stage::kHttp, kV4, {});
  recorder.Ok(Stage::kDerp, kV4, {});
  AddRelay(node);
  AddStun(node, kV4);
  const RunReport report = JudgeNodes({node});
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
  CHECK(report.exit_status == 1);
}

TEST_CASE("errors of the map leave verdicts alone and fail the run", "[diagnosis][judge]") {
  Measurement measured;
  measured.nodes = {HealthyNode("5a", "192.0.2.1")};
  measured.nodes[0].single_in_region = true;
  Finding finding = MakeFinding("map.duplicate_node");
  finding.region = "fra";
  finding.region_id = 5;
  measured.map_findings.push_back(finding);
  const RunReport report = Judge(std::move(measured));
  CHECK(report.nodes[0].verdict == Verdict::kUsable);
  CHECK(report.exit_status == 1);
}

TEST_CASE("of three hosts the one that sees another address is named", "[diagnosis][judge]") {
  std::vector<NodeReport> nodes = {HealthyNode("5a", "192.0.2.1"), HealthyNode("5b", "192.0.2.2"),
                                   HealthyNode("5c", "192.0.2.3")};
  for (NodeReport& node : nodes) {
    node.targets[0].stun_mapped = SocketAddress{*IpAddress::Parse("203.0.113.7"), 40000};
  }
  nodes[1].targets[0].stun_mapped->ip = *IpAddress::Parse("203.0.113.9");
  const RunReport report = JudgeNodes(nodes);
  REQUIRE(Codes(report) == Texts{"stun.mapped_differs"});
  CHECK(report.findings[0].node == "5b");
  CHECK(report.exit_status == 0);
}

TEST_CASE("a region is as its best node, and impaired by a bad one", "[diagnosis][judge]") {
  const NodeReport good = HealthyNode("5a", "192.0.2.1");
  const NodeReport bad = FailingNode("5b", "192.0.2.2", "tls.reset");
  CHECK(JudgeNodes({good, bad}).regions[0].verdict == Verdict::kImpaired);
  CHECK(JudgeNodes({bad}).regions[0].verdict == Verdict::kUnusable);
  CHECK(JudgeNodes({good}).regions[0].verdict == Verdict::kUsable);
}
