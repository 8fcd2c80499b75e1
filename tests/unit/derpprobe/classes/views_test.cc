#include "derpprobe/classes/views.h"

#include <catch2/catch.hpp>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/judgement.h"

using namespace derp;
using namespace derp::diagnosis;
using namespace derp::probe;
using std::chrono::milliseconds;

namespace {

NodeReport Walked(std::string name) {
  NodeReport node;
  node.region = "fra";
  node.region_id = 5;
  node.node = std::move(name);
  FamilyTarget target;
  target.stun_first = milliseconds(4);
  node.targets.push_back(target);
  for (const Stage stage :
       {Stage::kTcp, Stage::kTls, Stage::kCert, Stage::kHttp, Stage::kDerp, Stage::kStun}) {
    node.stages.push_back({stage, AddressFamily::kIpv4, Outcome::kOk, milliseconds(1), "", "", {}});
  }
  node.stages.push_back({Stage::kRelay, {}, Outcome::kOk, milliseconds(1), "", "", {}});
  node.stages.push_back({Stage::kMesh, {}, Outcome::kOk, milliseconds(1), "", "", {}});
  return node;
}

void Break(NodeReport& node, Stage stage, std::string_view code) {
  bool after = false;
  for (StageResult& result : node.stages) {
    if (result.stage == stage) {
      result.outcome = Outcome::kFail;
      result.code = code;
      after = true;
    } else if (after && result.stage != Stage::kStun) {
      result.outcome = Outcome::kNotReached;
      result.after = stage;
    }
  }
  Finding finding = MakeFinding(code);
  finding.node = node.node;
  finding.region_id = node.region_id;
  finding.families = {AddressFamily::kIpv4};
  finding.fact = "the fact";
  node.findings.push_back(finding);
}

std::string Text(const std::vector<ViewResult>& views) {
  std::string text;
  for (const ViewResult& view : views) {
    text += view.name + (view.outcome.ok ? " good\n" : " bad " + view.outcome.error + "\n");
  }
  return text;
}

}  // namespace

TEST_CASE("a healthy pair of nodes gives every view a good result", "[classes]") {
  RunReport report;
  report.nodes = {Walked("5a"), Walked("5b")};
  MeshReport mesh;
  mesh.region_id = 5;
  for (const auto& [from, to] : {std::pair("5a", "5b"), std::pair("5b", "5a")}) {
    MeshDirection direction;
    direction.from = from;
    direction.to = to;
    direction.first = milliseconds(2);
    mesh.directions.push_back(direction);
  }
  report.meshes = {mesh};
  CHECK(Text(ViewsOf(report)) ==
        "derp/fra/5a/tls good\nderp/fra/5a/5a/mesh good\nderp/fra/5a/udp good\n"
        "derp/fra/5b/tls good\nderp/fra/5b/5b/mesh good\nderp/fra/5b/udp good\n"
        "derp/fra/5a/5b/mesh good\nderp/fra/5b/5a/mesh good\n");
  CHECK(ViewsOf(report)[0].outcome.latency == milliseconds(3));  // tcp, tls, cert
  CHECK(ViewsOf(report)[2].outcome.latency == milliseconds(4));  // the first answer, not five
}

TEST_CASE("an expired certificate fails tls and what needs it, not udp", "[classes]") {
  RunReport report;
  report.nodes = {Walked("5a")};
  Break(report.nodes[0], Stage::kCert, "cert.expired");
  CHECK(Text(ViewsOf(report)) ==
        "derp/fra/5a/tls bad cert.expired: the fact\n"
        "derp/fra/5a/5a/mesh bad cert.expired: the fact\n"
        "derp/fra/5a/udp good\n");
}

TEST_CASE("a lost relay leaves tls good", "[classes]") {
  RunReport report;
  report.nodes = {Walked("5a")};
  Break(report.nodes[0], Stage::kRelay, "relay.lost");
  const auto views = ViewsOf(report);
  CHECK(views[0].outcome.ok);
  CHECK_FALSE(views[1].outcome.ok);
}

TEST_CASE("a mate that cannot be reached fails the pairs with it", "[classes]") {
  RunReport report;
  report.nodes = {Walked("5a"), Walked("5b")};
  Break(report.nodes[1], Stage::kTcp, "tcp.refused");
  const std::string text = Text(ViewsOf(report));
  CHECK(text.find("derp/fra/5a/5b/mesh bad 5b: tcp.refused: the fact") != std::string::npos);
  CHECK(text.find("derp/fra/5b/5a/mesh bad 5b: tcp.refused: the fact") != std::string::npos);
}

TEST_CASE("views whose stages were skipped have no result", "[classes]") {
  RunReport report;
  report.nodes = {Walked("5a")};
  for (StageResult& result : report.nodes[0].stages) {
    result.outcome = Outcome::kSkipped;
    result.reason = "prober is offline";
  }
  CHECK(ViewsOf(report).empty());
  report.counts.unknown = 1;
  CHECK(ProberErrors(report).size() == 1);
}

TEST_CASE("errors on the map fail the map's probe, a node's own entry fails the node",
          "[classes]") {
  RunReport report;
  Finding finding = MakeFinding("map.no_nodes");
  finding.region = "fra";
  finding.region_id = 5;
  finding.fact = "region fra has no nodes";
  report.findings.push_back(finding);
  CHECK(MapErrors(report) == "map.no_nodes: region fra has no nodes");
  NodeReport broken;
  broken.region_id = 5;
  broken.node = "5a";
  broken.stages.push_back({Stage::kMap, {}, Outcome::kFail, {}, "map.bad_port", "", {}});
  report.nodes = {broken};
  report.findings[0].code = "map.bad_port";
  report.findings[0].node = "5a";
  CHECK(MapErrors(report).empty());
}

TEST_CASE("a node whose entry in the map is broken fails with the map's words", "[derpprobe]") {
  NodeReport node = Walked("5a");
  node.targets.clear();
  node.stages = {{Stage::kMap, {}, Outcome::kFail, {}, "map.bad_pin", "", {}},
                 {Stage::kTcp, AddressFamily::kIpv4, Outcome::kNotReached, {}, "", "", Stage::kMap},
                 {Stage::kRelay, {}, Outcome::kNotReached, {}, "", "", Stage::kMap}};
  RunReport report;
  Finding finding = MakeFinding("map.bad_pin", "headline", "2 digits", "advice");
  finding.region_id = 5;
  finding.node = "5a";
  report.findings = {finding};
  report.nodes = {node};
  CHECK(Text(ViewsOf(report)) ==
        "derp/fra/5a/tls bad map.bad_pin: 2 digits\n"
        "derp/fra/5a/5a/mesh bad map.bad_pin: 2 digits\n");
}

TEST_CASE("pairs have views of their own: good, bad, blamed on what stands in the way, or none",
          "[classes]") {
  RunReport report;
  report.nodes = {Walked("5a"), Walked("5b")};
  for (NodeReport& node : report.nodes) {
    std::erase_if(node.stages, [](const StageResult& r) { return r.stage == Stage::kMesh; });
    node.stages.push_back({Stage::kBandwidth, {}, Outcome::kOk, {}, "", "", {}});
    node.stages.push_back({Stage::kQueue, {}, Outcome::kOk, {}, "", "", {}});
  }
  Break(report.nodes[1], Stage::kTls, "tls.timeout");
  const auto transfer = [&report](const char* from, const char* to, Outcome outcome) {
    TransferReport pair;
    pair.region = "fra";
    pair.region_id = 5;
    pair.from = from;
    pair.to = to;
    pair.outcome = outcome;
    pair.took = milliseconds(7);
    if (outcome == Outcome::kFail) {
      pair.code = "bandwidth.failed";
      pair.error = "timeout";
    }
    report.transfers.push_back(pair);
  };
  transfer("5a", "5a", Outcome::kFail);
  transfer("5a", "5b", Outcome::kNotReached);
  QueueReport queue;
  queue.region = "fra";
  queue.region_id = 5;
  queue.from = queue.to = "5a";
  queue.p50 = milliseconds(3);
  report.queues.push_back(queue);
  std::vector<ViewResult> views = ViewsOf(report);
  std::erase_if(views, [](const ViewResult& view) {
    return !view.name.ends_with("/bw") && !view.name.ends_with("/qd");
  });
  CHECK(Text(views) ==
        "derp/fra/5a/5a/bw bad bandwidth.failed: timeout\n"
        "derp/fra/5a/5b/bw bad 5b: tls.timeout: the fact\n"
        "derp/fra/5b/5a/bw bad 5b: tls.timeout: the fact\n"
        "derp/fra/5b/5b/bw bad 5b: tls.timeout: the fact\n"
        "derp/fra/5a/5a/qd good\n"
        "derp/fra/5a/5b/qd bad 5b: tls.timeout: the fact\n"
        "derp/fra/5b/5a/qd bad 5b: tls.timeout: the fact\n"
        "derp/fra/5b/5b/qd bad 5b: tls.timeout: the fact\n");
  CHECK(views[4].outcome.latency == Duration(milliseconds(3)));
  report.transfers[0].outcome = Outcome::kSkipped;
  CHECK(Text(ViewsOf(report)).find("5a/5a/bw") == std::string::npos);
}

TEST_CASE("what the prober's own trouble hides gives no line", "[derpprobe][views]") {
  for (const std::string_view reason : {kOfflineReason, kInterceptedReason}) {
    RunReport report;
    report.nodes.push_back(Walked("5a"));
    for (StageResult& result : report.nodes[0].stages) {
      const bool hidden = result.stage >= Stage::kCert && result.stage <= Stage::kMesh;
      if (!hidden) continue;
      result.outcome = Outcome::kSkipped;
      result.reason = reason;
    }
    CHECK(Text(ViewsOf(report)) == "derp/fra/5a/udp good\n");
  }
}
