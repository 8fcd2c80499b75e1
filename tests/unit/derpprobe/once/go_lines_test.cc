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
  return ResultLines(report, std::chrono::milliseconds(12), FailOn::kError);
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

TEST_CASE("bandwidth and queuing delay announce themselves as the reference does",
          "[derpprobe][go]") {
  derpmap::DerpMap map;
  derpmap::Node node;
  node.name = "5a";
  node.ipv4 = "192.0.2.1";
  map.regions[5] = {5, "fra", "Frankfurt", 0, 0, false, false, {node}};
  ClassIntervals intervals{.tls = {}, .stun = {}, .mesh = {}};
  intervals.bandwidth = std::chrono::minutes(1);
  intervals.bandwidth_size = 1'000'000;
  intervals.queue_per_second = 10;
  CHECK(AddingLines(map, intervals) ==
        Lines{"adding DERP bandwidth probe for 5a->5a (Frankfurt) 1000000 bytes every 1m0s",
              "adding DERP queuing delay probe for 5a->5a (Frankfurt)"});
  intervals.bandwidth_over_tun = true;
  CHECK(AddingLines(map, intervals)[0] ==
        "adding (TUN) DERP bandwidth probe for 5a->5a (Frankfurt) 1000000 bytes every 1m0s");
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
  for (const auto& entry : diagnosis::Catalogue()) {
    const bool of_node = entry.stage > diagnosis::Stage::kMap &&
                         entry.stage < diagnosis::Stage::kProber &&
                         entry.stage != diagnosis::Stage::kMesh;
    if (!of_node) continue;
    auto node = healthy;
    diagnosis::Recorder(node).Note(diagnosis::MakeFinding(entry.code, "h", "f", "a"), kV4);
    reports.push_back(JudgeNodes({node}));
  }
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

TEST_CASE("with -fail-on warning a warning has a bad line, and only then", "[derpprobe][go]") {
  for (const auto& entry : diagnosis::Catalogue()) {
    if (entry.severity != diagnosis::Severity::kWarning) continue;
    CAPTURE(std::string(entry.code));
    auto node = HealthyNode("5a", "192.0.2.1");
    diagnosis::Measurement measured;
    diagnosis::Finding finding = diagnosis::MakeFinding(entry.code, "headline", "fact", "advice");
    if (entry.stage == diagnosis::Stage::kMap || entry.stage == diagnosis::Stage::kProber) {
      measured.map_findings.push_back(std::move(finding));
    } else {
      diagnosis::Recorder(node).Note(std::move(finding), kV4);
    }
    measured.nodes = {node};
    const auto report = diagnosis::Judge(std::move(measured));
    CHECK(ExitStatus(report, FailOn::kError) == 0);
    CHECK_FALSE(HasBad(ResultsOf(report)));
    CHECK(ExitStatus(report, FailOn::kWarning) == 1);
    CHECK(HasBad(ResultLines(report, std::chrono::milliseconds(12), FailOn::kWarning)));
  }
}

TEST_CASE("a view that warns is bad instead of good with -fail-on warning", "[derpprobe][go]") {
  auto node = HealthyNode("5a", "192.0.2.1");
  diagnosis::Recorder(node).Note(
      diagnosis::MakeFinding("cert.expiring", "ends soon", "20 days left", "renew"), kV4);
  const Lines lines =
      ResultLines(JudgeNodes({node}), std::chrono::milliseconds(12), FailOn::kWarning);
  CHECK(std::find(lines.begin(), lines.end(),
                  "bad: derp/fra/5a/tls: cert.expiring: 20 days left") != lines.end());
  CHECK(std::none_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.starts_with("good: derp/fra/5a/tls");
  }));
}

TEST_CASE("a failure that is certain is told when the node's walk ends", "[derpprobe][go]") {
  const auto walked = FailingNode("5b", "192.0.2.2", "tls.reset");
  const auto early = EarlyFailures(walked);
  REQUIRE(early.size() == 2);
  CHECK(FailureLine(early[0].name, early[0].outcome.error) ==
        "probe derp/fra/5b/tls: tls.reset: tls.reset over ipv4");
  CHECK(EarlyFailures(FailingNode("5b", "192.0.2.2", "tcp.timeout", "stun.no_reply")).empty());
  CHECK(EarlyFailures(FailingNode("5b", "192.0.2.2", "cert.expired")).empty());
  const auto lines = ResultLines(JudgeNodes({walked}), std::chrono::milliseconds(12),
                                 FailOn::kError, {"derp/fra/5b/tls"});
  CHECK(lines[0].starts_with("probe derp/fra/5b/5b/mesh: "));
}

TEST_CASE("errors of several lines are joined", "[derpprobe][go]") {
  CHECK(FailureLine("derp/fra/5b/tls", "first\nsecond\r\n third") ==
        "probe derp/fra/5b/tls: first; second; third");
}
