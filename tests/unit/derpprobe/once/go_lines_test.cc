#include "derpprobe/once/go_lines.h"

#include <algorithm>
#include <regex>

#include <catch2/catch.hpp>

#include "common/diagnosis/judgement.h"
#include "tests/support/node_reports.h"

using namespace derp;
using namespace derp::probe;
using namespace derp::test;

namespace {

using Lines = std::vector<std::string>;

diagnosis::RunReport JudgeNodes(std::vector<diagnosis::NodeReport> nodes) {
  diagnosis::Measurement measured;
  measured.nodes = std::move(nodes);
  return diagnosis::Judge(std::move(measured));
}

Lines ResultsOf(const diagnosis::RunReport& report) {
  return ResultLines(report, std::chrono::milliseconds(12));
}

bool HasBad(const Lines& lines) {
  return std::any_of(lines.begin(), lines.end(),
                     [](const std::string& line) { return line.starts_with("bad: "); });
}

}  // namespace

TEST_CASE("one adding line per probe, in the map's order", "[derpprobe][go]") {
  derpmap::DerpMap map;
  derpmap::Region& region = map.regions[5];
  region.id = 5;
  region.code = "fra";
  region.name = "Frankfurt";
  for (const auto* name : {"5a", "5b"}) {
    derpmap::Node node;
    node.name = name;
    node.host_name = "192.0.2.1";
    node.ipv4 = "192.0.2.1";
    node.ipv6 = "none";
    region.nodes.push_back(node);
  }
  region.nodes[1].stun_only = true;
  CHECK(AddingLines(map, {}) == Lines{"adding DERP TLS probe for 5a (Frankfurt) every 15s",
                                      "adding DERP UDP probe for 5a (derp/fra/5a/udp) every 15s",
                                      "adding DERP mesh probe for 5a->5a (Frankfurt) every 15s",
                                      "adding DERP UDP probe for 5b (derp/fra/5b/udp) every 15s"});
}

TEST_CASE("a healthy node has good lines only, sorted", "[derpprobe][go]") {
  const Lines lines = ResultsOf(JudgeNodes({HealthyNode("5a", "192.0.2.1")}));
  REQUIRE(lines.size() == 4);
  CHECK(std::is_sorted(lines.begin(), lines.end()));
  CHECK(lines[0].starts_with("good: derp/fra/5a/5a/mesh: "));
  CHECK(lines[1].starts_with("good: derp/fra/5a/tls: "));
  CHECK(lines[2].starts_with("good: derp/fra/5a/udp: "));
  CHECK(lines[3] == "good: derpmap-probe: 12ms");
}

TEST_CASE("every line is one that the reference's readers know", "[derpprobe][go]") {
  const std::regex known("(good|bad): [^:]+: .+|probe [^:]+: .+");
  const auto report =
      JudgeNodes({HealthyNode("5a", "192.0.2.1"), FailingNode("5b", "192.0.2.2", "cert.expired")});
  for (const std::string& line : ResultsOf(report)) {
    CAPTURE(line);
    CHECK(std::regex_match(line, known));
  }
}

TEST_CASE("failures are told at once and again at the end", "[derpprobe][go]") {
  const Lines lines = ResultsOf(
      JudgeNodes({HealthyNode("5a", "192.0.2.1"), FailingNode("5b", "192.0.2.2", "cert.expired")}));
  CHECK(lines[0].starts_with("probe derp/fra/5b/tls: cert.expired: "));
  CHECK(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
          return line.starts_with("bad: derp/fra/5b/tls: cert.expired: ");
        }) == 1);
}

TEST_CASE("a bad line exists exactly when the status is 1", "[derpprobe][go]") {
  const auto healthy = HealthyNode("5a", "192.0.2.1");
  std::vector<diagnosis::RunReport> reports;
  reports.push_back(JudgeNodes({healthy}));
  reports.push_back(JudgeNodes({}));
  for (const auto& entry : diagnosis::Catalogue()) {
    const bool chain =
        entry.stage >= diagnosis::Stage::kTcp && entry.stage <= diagnosis::Stage::kDerp;
    if (!chain || entry.severity != diagnosis::Severity::kError) continue;
    reports.push_back(JudgeNodes({healthy, FailingNode("5b", "192.0.2.2", entry.code)}));
  }
  reports.push_back(JudgeNodes({FailingNode("5a", "192.0.2.1", "tcp.timeout", "stun.no_reply"),
                                FailingNode("5b", "192.0.2.2", "tcp.timeout", "stun.no_reply")}));
  diagnosis::Measurement with_map_error;
  with_map_error.nodes = {healthy};
  with_map_error.map_findings = {diagnosis::MakeFinding("map.duplicate_node")};
  reports.push_back(diagnosis::Judge(std::move(with_map_error)));
  for (const diagnosis::RunReport& report : reports) {
    const std::string code = report.findings.empty() ? "none" : report.findings[0].code;
    CAPTURE(code);
    CHECK(HasBad(ResultsOf(report)) == (report.exit_status == 1));
  }
}

TEST_CASE("the prober's own trouble has a line of its own", "[derpprobe][go]") {
  const Lines lines =
      ResultsOf(JudgeNodes({FailingNode("5a", "192.0.2.1", "tcp.timeout", "stun.no_reply"),
                            FailingNode("5b", "192.0.2.2", "tcp.timeout", "stun.no_reply")}));
  CHECK(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
          return line.starts_with("bad: prober: prober.offline: ");
        }) == 1);
}
