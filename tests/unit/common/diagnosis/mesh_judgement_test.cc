#include <catch2/catch.hpp>

#include "common/diagnosis/judgement.h"
#include "tests/support/node_reports.h"

using namespace derp;
using namespace derp::diagnosis;
using namespace derp::test;

namespace {

using Pair = std::pair<std::string, std::string>;

// A region of healthy nodes whose named directions are dead.
RunReport JudgeRegion(const std::vector<std::string>& names, const std::vector<Pair>& dead) {
  Measurement measured;
  MeshReport mesh;
  mesh.region = "fra";
  mesh.region_id = 5;
  int host = 1;
  for (const std::string& from : names) {
    measured.nodes.push_back(HealthyNode(from, "192.0.2." + std::to_string(host++)));
    for (const std::string& to : names) {
      if (from == to) continue;
      const bool works = std::find(dead.begin(), dead.end(), Pair(from, to)) == dead.end();
      mesh.directions.push_back(MeshPair(from, to, works));
    }
  }
  measured.meshes.push_back(mesh);
  return Judge(std::move(measured));
}

std::vector<std::string> Stages(const RunReport& report) {
  std::vector<std::string> outcomes;
  for (const NodeReport& node : report.nodes) {
    outcomes.emplace_back(OutcomeName(*node.Worst(Stage::kMesh)));
  }
  return outcomes;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a whole mesh has no finding", "[diagnosis][mesh]") {
  const RunReport report = JudgeRegion({"5a", "5b", "5c"}, {});
  CHECK(report.findings.empty());
  CHECK(report.counts.mesh_working == 6);
  CHECK(report.counts.mesh_directions == 6);
  CHECK(Stages(report) == Texts{"ok", "ok", "ok"});
}

TEST_CASE("one dead direction counts against the sender", "[diagnosis][mesh]") {
  const RunReport report = JudgeRegion({"5a", "5b", "5c"}, {{"5a", "5c"}});
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].code == "mesh.one_way");
  CHECK(report.findings[0].node == "5a");
  CHECK(report.findings[0].peers == Texts{"5c"});
  CHECK(report.findings[0].fact == "0 of 40 packets in 10 s; 5c → 5a 1.3 ms");
  CHECK(Stages(report) == Texts{"fail", "ok", "ok"});
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
  CHECK(report.nodes[2].verdict == Verdict::kUsable);
  CHECK(report.regions[0].verdict == Verdict::kImpaired);
}

TEST_CASE("several deaf receivers of one sender are one finding", "[diagnosis][mesh]") {
  const RunReport report = JudgeRegion({"5a", "5b", "5c"}, {{"5a", "5c"}, {"5a", "5b"}});
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].peers == Texts{"5b", "5c"});
}

TEST_CASE("two nodes that do not know each other are both impaired", "[diagnosis][mesh]") {
  const RunReport report = JudgeRegion({"5a", "5b"}, {{"5a", "5b"}, {"5b", "5a"}});
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].code == "mesh.not_meshed");
  CHECK(report.findings[0].node == "5a");
  CHECK(report.findings[0].peers == Texts{"5b"});
  CHECK(Stages(report) == Texts{"fail", "fail"});
  CHECK(report.counts.impaired == 2);
}

TEST_CASE("a node cut off from the others leaves its mates unharmed", "[diagnosis][mesh]") {
  const RunReport report =
      JudgeRegion({"5a", "5b", "5c"}, {{"5a", "5c"}, {"5c", "5a"}, {"5b", "5c"}, {"5c", "5b"}});
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].code == "mesh.not_meshed");
  CHECK(report.findings[0].node == "5c");
  CHECK(report.findings[0].peers == Texts{"5a", "5b"});
  CHECK(Stages(report) == Texts{"ok", "ok", "fail"});
}

TEST_CASE("a region without any working direction is one finding without a node",
          "[diagnosis][mesh]") {
  std::vector<Pair> all;
  for (const auto* from : {"5a", "5b", "5c"}) {
    for (const auto* to : {"5a", "5b", "5c"}) all.emplace_back(from, to);
  }
  const RunReport report = JudgeRegion({"5a", "5b", "5c"}, all);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].node.empty());
  CHECK(report.findings[0].peers == Texts{"5a", "5b", "5c"});
  CHECK(report.counts.impaired == 3);
}

TEST_CASE("loss and lateness are warnings, one per pair", "[diagnosis][mesh]") {
  Measurement measured;
  measured.nodes = {HealthyNode("5a", "192.0.2.1"), HealthyNode("5b", "192.0.2.2")};
  MeshReport mesh;
  mesh.region = "fra";
  mesh.region_id = 5;
  mesh.directions = {MeshPair("5a", "5b", true), MeshPair("5b", "5a", true)};
  mesh.directions[0].received = 17;
  mesh.directions[1].received = 19;
  mesh.directions[1].late = true;
  mesh.directions[1].first = std::chrono::milliseconds(2500);
  measured.meshes = {mesh};
  const RunReport report = Judge(std::move(measured));
  REQUIRE(report.findings.size() == 2);
  CHECK(report.findings[0].code == "mesh.loss");
  CHECK(report.findings[0].fact == "5a → 5b lost 3 of 20 packets; 5b → 5a lost 1 of 20 packets");
  CHECK(report.findings[1].code == "mesh.slow");
  CHECK(report.findings[1].node == "5b");
  CHECK(report.counts.impaired == 2);
  CHECK(report.exit_status == 0);
}

TEST_CASE("a node that failed before has no mesh to be judged", "[diagnosis][mesh]") {
  Measurement measured;
  measured.nodes = {HealthyNode("5a", "192.0.2.1"),
                    FailingNode("5b", "192.0.2.2", "tcp.refused", "stun.refused")};
  const RunReport report = Judge(std::move(measured));
  CHECK(Stages(report) == Texts{"skipped", "not_reached"});
  CHECK(report.nodes[0].verdict == Verdict::kUsable);
}

TEST_CASE("a connection that ends under the mesh's packets is relay.closed", "[diagnosis][mesh]") {
  Measurement measured;
  measured.nodes = {HealthyNode("5a", "192.0.2.1"), HealthyNode("5b", "192.0.2.2")};
  MeshReport mesh;
  mesh.region_id = 5;
  mesh.closed = {{"5b", {.how = "read: EOF"}, std::chrono::milliseconds(12)}};
  measured.meshes = {mesh};
  const RunReport report = Judge(std::move(measured));
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].code == "relay.closed");
  CHECK(report.nodes[1].verdict == Verdict::kUnusable);
  CHECK(Stages(report) == Texts{"skipped", "not_reached"});
}
