// Section 1 of the contract, sentence by sentence: verdicts of nodes and regions.
#include <catch2/catch.hpp>

#include "common/diagnosis/judgement.h"
#include "tests/support/node_reports.h"

using namespace derp;
using namespace derp::diagnosis;
using namespace derp::test;

namespace {

using Texts = std::vector<std::string>;

RunReport JudgeNodes(std::vector<NodeReport> nodes) {
  Measurement measured;
  measured.nodes = std::move(nodes);
  for (NodeReport& node : measured.nodes) node.single_in_region = true;
  return Judge(std::move(measured));
}

Verdict RegionOf(std::vector<NodeReport> nodes) {
  return JudgeNodes(std::move(nodes)).regions.at(0).verdict;
}

NodeReport Good(const std::string& name = "5a") { return HealthyNode(name, "192.0.2.1"); }
NodeReport Bad(const std::string& name = "5b") {
  return FailingNode(name, "192.0.2.2", "tls.reset");
}

NodeReport Impaired(const std::string& name = "5c") {
  NodeReport node = NamedNode(name, "192.0.2.3");
  AddChain(node, kV4);
  AddRelay(node);
  AddStun(node, kV4, "stun.no_reply");
  return node;
}

NodeReport Unknown(const std::string& name = "5d") {
  NodeReport node = NamedNode(name, "2001:db8::1");
  for (const Stage stage : {Stage::kTcp, Stage::kTls, Stage::kCert, Stage::kHttp, Stage::kDerp}) {
    Recorder(node).Skip(stage, kV6, kNoIpv6Reason);
  }
  Recorder(node).Skip(Stage::kRelay, {}, "no family to connect by");
  return node;
}

NodeReport WithNote(std::string_view code) {
  NodeReport node = Good();
  Recorder(node).Note(MakeFinding(code), kV4);
  return node;
}

}  // namespace

TEST_CASE("each stage of the main chain up to relay makes a node unusable",
          "[diagnosis][verdict]") {
  for (const char* code : {"tcp.timeout", "tls.not_tls", "cert.expired", "cert.revoked",
                           "cert.intercepted", "http.not_derp", "derp.bad_greeting"}) {
    CAPTURE(code);
    const RunReport report = JudgeNodes({FailingNode("5b", "192.0.2.2", code)});
    CHECK(report.nodes[0].verdict == Verdict::kUnusable);
  }
  for (const char* code : {"relay.lost", "relay.corrupt", "relay.closed"}) {
    CAPTURE(code);
    NodeReport node = NamedNode("5a", "192.0.2.1");
    AddChain(node, kV4);
    Recorder(node).Decide(Stage::kRelay, {}, {}, MakeFinding(code));
    CHECK(JudgeNodes({node}).nodes[0].verdict == Verdict::kUnusable);
  }
}

TEST_CASE("any warning impairs, an info does not", "[diagnosis][verdict]") {
  for (const char* code : {"relay.loss", "relay.slow"}) {
    CAPTURE(code);
    NodeReport node = NamedNode("5a", "192.0.2.1");
    AddChain(node, kV4);
    Recorder(node).Decide(Stage::kRelay, {}, {}, MakeFinding(code));
    const RunReport report = JudgeNodes({node});
    CHECK(report.nodes[0].verdict == Verdict::kImpaired);
    CHECK(report.nodes[0].Worst(Stage::kRelay) == Outcome::kWarn);
    CHECK(report.exit_status == 0);
  }
  for (const char* code : {"port80.closed", "latency.failed", "ws.refused", "admission.open"}) {
    CAPTURE(code);
    NodeReport node = Good();
    Recorder(node).Decide(FindEntry(code)->stage, {}, {}, MakeFinding(code));
    CHECK(JudgeNodes({node}).nodes[0].verdict == Verdict::kImpaired);
  }
  for (const char* code : {"tls.version", "cert.meta_missing", "cert.unverified",
                           "cert.crl_unavailable", "stun.disabled"}) {
    CAPTURE(code);
    CHECK(JudgeNodes({WithNote(code)}).nodes[0].verdict == Verdict::kUsable);
  }
}

TEST_CASE("an error that comes of a later comparison leaves measured stages as they are",
          "[diagnosis][verdict]") {
  const RunReport report = JudgeNodes({WithNote("cert.meta_differs")});
  CHECK(report.nodes[0].Worst(Stage::kCert) == Outcome::kOk);
  CHECK(report.nodes[0].Worst(Stage::kDerp) == Outcome::kOk);
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
  CHECK(report.exit_status == 1);
}

TEST_CASE("closed admission is a warning and leaves the relay untested", "[diagnosis][verdict]") {
  NodeReport node = NamedNode("5a", "192.0.2.1");
  Recorder recorder(node);
  for (const Stage stage : {Stage::kTcp, Stage::kTls, Stage::kCert, Stage::kHttp}) {
    recorder.Ok(stage, kV4, {});
  }
  recorder.Decide(Stage::kDerp, kV4, {}, MakeFinding("admission.closed"));
  recorder.Skip(Stage::kRelay, {}, "relay not tested: admission is closed");
  AddStun(node, kV4);
  const RunReport report = JudgeNodes({node});
  CHECK(report.nodes[0].Worst(Stage::kDerp) == Outcome::kWarn);
  CHECK(report.nodes[0].Worst(Stage::kMesh) == Outcome::kSkipped);
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
  CHECK(report.exit_status == 0);
}

TEST_CASE("map warnings leave verdicts alone", "[diagnosis][verdict]") {
  Measurement measured;
  measured.nodes = {Good()};
  measured.nodes[0].single_in_region = true;
  Finding finding = MakeFinding("map.shared_address");
  finding.region_id = 5;
  finding.node = "5a";
  measured.map_findings.push_back(finding);
  const RunReport report = Judge(std::move(measured));
  CHECK(report.nodes[0].verdict == Verdict::kUsable);
  CHECK(report.regions[0].verdict == Verdict::kUsable);
  CHECK(report.exit_status == 0);
}

TEST_CASE("a region is as its best node", "[diagnosis][verdict]") {
  CHECK(RegionOf({Good()}) == Verdict::kUsable);
  CHECK(RegionOf({Impaired()}) == Verdict::kImpaired);
  CHECK(RegionOf({Good(), Impaired()}) == Verdict::kUsable);
}

TEST_CASE("an unusable node makes its region impaired, all of them unusable",
          "[diagnosis][verdict]") {
  CHECK(RegionOf({Good(), Bad()}) == Verdict::kImpaired);
  CHECK(RegionOf({Impaired(), Bad()}) == Verdict::kImpaired);
  CHECK(RegionOf({Bad("5b"), Bad("5e")}) == Verdict::kUnusable);
}

TEST_CASE("nodes that are unknown count only when all are", "[diagnosis][verdict]") {
  CHECK(RegionOf({Unknown(), Good()}) == Verdict::kUsable);
  CHECK(RegionOf({Unknown(), Bad()}) == Verdict::kUnusable);
  CHECK(RegionOf({Unknown("5d"), Unknown("5e")}) == Verdict::kUnknown);
}

TEST_CASE("a failing mesh direction impairs the region and its sender alone",
          "[diagnosis][verdict]") {
  Measurement measured;
  measured.nodes = {Good("5a"), HealthyNode("5b", "192.0.2.2")};
  MeshReport mesh;
  mesh.region = "fra";
  mesh.region_id = 5;
  mesh.directions = {MeshPair("5a", "5b", false), MeshPair("5b", "5a", true)};
  measured.meshes.push_back(mesh);
  const RunReport report = Judge(std::move(measured));
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
  CHECK(report.nodes[1].verdict == Verdict::kUsable);
  CHECK(report.regions[0].verdict == Verdict::kImpaired);
  CHECK(report.exit_status == 1);
}

TEST_CASE("a verdict that is not known fails the run", "[diagnosis][verdict]") {
  const RunReport report = JudgeNodes({Good(), Unknown()});
  CHECK(report.counts.errors == 0);
  CHECK(report.exit_status == 1);
}
