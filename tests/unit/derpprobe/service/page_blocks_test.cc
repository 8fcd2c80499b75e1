#include <catch2/catch.hpp>

#include "common/diagnosis/judgement.h"
#include "derpprobe/service/page/finding_cards.h"
#include "derpprobe/service/page/frame.h"
#include "derpprobe/service/page/mesh_table.h"
#include "derpprobe/service/page/node_block.h"
#include "derpprobe/service/page/words.h"
#include "tests/support/node_reports.h"

using namespace derp;
using namespace derp::probe;

namespace {

bool Has(const std::string& page, std::string_view text) {
  return page.find(text) != std::string::npos;
}

std::size_t CountOf(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

diagnosis::RunReport MeshOf(int nodes) {
  diagnosis::RunReport report;
  diagnosis::MeshReport mesh;
  mesh.region = "fra";
  mesh.region_id = 5;
  for (int i = 0; i < nodes; ++i) {
    report.nodes.push_back(
        derp::test::HealthyNode("5" + std::string(1, static_cast<char>('a' + i)), "192.0.2.1"));
  }
  for (const auto& from : report.nodes) {
    for (const auto& to : report.nodes) {
      if (from.node == to.node) continue;
      const bool works = from.node != "5a" || to.node != "5b";
      mesh.directions.push_back(derp::test::MeshPair(from.node, to.node, works));
      if (works) continue;
      mesh.directions.back().outcome = diagnosis::Outcome::kFail;
      mesh.directions.back().code = "mesh.one_way";
    }
  }
  report.meshes.push_back(mesh);
  return report;
}

}  // namespace

TEST_CASE("a mesh of three is a table with a head per row and column", "[service]") {
  const auto report = MeshOf(3);
  const std::string table = MeshTable(report, report.meshes[0]);
  CHECK(CountOf(table, "<th scope=\"row\">") == 3);
  CHECK(CountOf(table, "<th scope=\"col\">") == 4);
  CHECK(CountOf(table, "self</td>") == 3);
  CHECK(CountOf(table, "✕ lost") == 1);
}

TEST_CASE("a mesh above six nodes lists the failing directions alone", "[service]") {
  const auto report = MeshOf(7);
  const std::string list = MeshTable(report, report.meshes[0]);
  CHECK_FALSE(Has(list, "<table>"));
  CHECK(CountOf(list, "<li") == 1);
  CHECK(Has(list, "5a → 5b mesh.one_way"));
}

TEST_CASE("transfers and queues are shown when they were measured", "[service]") {
  diagnosis::RunReport report = MeshOf(2);
  CHECK(TransferTables(report, 5).empty());
  report.transfers.push_back({});
  report.transfers.back().region_id = 5;
  report.transfers.back().from = "5a";
  report.transfers.back().to = "<b>";
  report.transfers.back().size = 1000;
  report.transfers.back().received = 1000;
  report.transfers.back().bits_per_second = 12.34e6;
  report.queues.push_back({});
  report.queues.back().region_id = 5;
  report.queues.back().lost = 1;
  report.queues.back().received = 9;
  const std::string tables = TransferTables(report, 5);
  CHECK(Has(tables, "12.3 Mbit/s"));
  CHECK(Has(tables, "5a → &lt;b&gt;"));
  CHECK(Has(tables, "1 of 10"));
  CHECK(TransferTables(report, 6).empty());
}

TEST_CASE("the log of the last failure stays folded under its node", "[service]") {
  const auto failing = derp::test::FailingNode("5a", "192.0.2.1", "cert.expired");
  REQUIRE(HasFailed(failing));
  const WallTime now = FromUnixSeconds(1'800'000'000);
  const FailureLog log{now - std::chrono::minutes(3), StepLog(failing)};
  CHECK(log.lines.at(0) == "dns: skipped, literal");
  const std::string block = FailureBlock(log, now);
  CHECK(Has(block, "Step log of the last failure, 3 min ago"));
  CHECK(Has(block, "cert ipv4: fail, 1.0 ms, cert.expired: cert.expired over ipv4"));
  CHECK(Has(block, "http ipv4: not reached after cert"));
}

TEST_CASE("a certificate about to end is marked beside its days", "[service]") {
  auto node = derp::test::HealthyNode("5a", "192.0.2.1");
  CHECK(Has(StageChips(node, Chips::kFull), "<b>✓</b>cert 1.0 ms</li>"));
  CHECK(Has(StageChips(node, Chips::kBrief), "<b>✓</b>tcp tls cert http derp relay stun</li>"));
  node.cert_days_left = 1;
  node.cert_not_after = FromUnixSeconds(1'800'000'000);
  for (auto& stage : node.stages) {
    if (stage.stage == diagnosis::Stage::kCert) {
      stage.code = "cert.expiring";
      stage.outcome = diagnosis::Outcome::kWarn;
    }
  }
  CHECK(Has(NodeBlock(node, Chips::kBrief), "! certificate: 1 day left, until 2027-01-15"));
}

TEST_CASE("more than ten findings of one code share a card", "[service]") {
  BoardState state;
  for (int i = 0; i < 14; ++i) {
    diagnosis::Finding finding = diagnosis::MakeFinding("tcp.timeout");
    finding.region = "r" + std::to_string(i);
    finding.region_id = i;
    state.report.findings.push_back(finding);
  }
  const std::string cards = FindingCards(state, {});
  CHECK(CountOf(cards, "<article") == 1);
  CHECK(Has(cards, "in 14 places"));
  CHECK(Has(cards, "r11 and 2 more"));
  CHECK(Has(cards, "Needs attention (14)"));
}

TEST_CASE("the prober's own troubles stand apart from the relays'", "[service]") {
  BoardState state;
  CHECK(ProberStrip(state, {}).empty());
  state.report.findings.push_back(diagnosis::MakeFinding("prober.udp_blocked"));
  state.report.findings.push_back(diagnosis::MakeFinding("prober.no_ipv6"));
  CHECK(Has(ProberStrip(state, {}), "prober.udp_blocked"));
  CHECK_FALSE(Has(ProberStrip(state, {}), "prober.no_ipv6"));
  const std::string cards = FindingCards(state, {});
  CHECK(Has(cards, "Notes that need no action (1)"));
  CHECK_FALSE(Has(cards, "prober.udp_blocked"));
}

TEST_CASE("a share is never rounded up to all", "[service]") {
  CHECK(PercentText(1) == "100 %");
  CHECK(PercentText(0.99999) == "99.99 %");
  CHECK(PercentText(0) == "0.00 %");
}

TEST_CASE("a code has a page of its own, an unknown one has none", "[service]") {
  REQUIRE(ExplainPage("cert.expired").has_value());
  CHECK(Has(*ExplainPage("cert.expired"), "<dt>Means</dt>"));
  CHECK(Has(*ExplainPage("cert.expired"), "href=\"/explain/cert.expiring\""));
  CHECK_FALSE(ExplainPage("cert.nonsense").has_value());
}
