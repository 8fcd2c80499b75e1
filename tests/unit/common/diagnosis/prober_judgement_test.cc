// Rule 2: the prober's own troubles are never a node's.
#include <catch2/catch.hpp>

#include "common/diagnosis/judgement.h"
#include "tests/support/node_reports.h"

using namespace derp;
using namespace derp::diagnosis;
using namespace derp::test;

namespace {

using Texts = std::vector<std::string>;

RunReport JudgeAll(std::vector<NodeReport> nodes, ProberState prober = {}) {
  Measurement measured;
  measured.nodes = std::move(nodes);
  measured.prober = std::move(prober);
  for (NodeReport& node : measured.nodes) node.single_in_region = true;
  return Judge(std::move(measured));
}

Texts Codes(const RunReport& report) {
  Texts codes;
  for (const Finding& finding : report.findings) codes.push_back(finding.code);
  return codes;
}

NodeReport WithOffset(NodeReport node, Duration offset) {
  node.clock_offset = offset;
  return node;
}

// As a walk leaves it that went on behind the certificate because the relay's time excuses it.
NodeReport ExcusableNode(const std::string& name, const std::string& ip, Duration offset) {
  NodeReport node = HealthyNode(name, ip);
  std::erase_if(node.stages, [](const StageResult& r) { return r.stage == Stage::kCert; });
  Finding finding = MakeFinding("cert.expired");
  finding.data[std::string(kExcusable)] = true;
  Recorder(node).Decide(Stage::kCert, kV4, {}, std::move(finding));
  node.clock_offset = offset;
  return node;
}

NodeReport ForeignNode(const std::string& name, const std::string& ip, const std::string& issuer,
                       std::string_view code = "cert.unknown_issuer", bool self_signed = false) {
  NodeReport node = FailingNode(name, ip, code);
  node.findings.back().data["issuer"] = issuer;
  node.findings.back().data["self_signed"] = self_signed;
  return node;
}

NodeReport Port80Node(const std::string& name, const std::string& ip, const std::string& answer,
                      std::string_view code = "port80.no_challenge") {
  NodeReport node = HealthyNode(name, ip);
  Finding finding = MakeFinding(code);
  finding.fact = answer;
  finding.data["answer"] = answer;
  Recorder(node).Decide(Stage::kPort80, {}, {}, std::move(finding));
  return node;
}

NodeReport SilentStun(const std::string& name, const std::string& ip) {
  NodeReport node = NamedNode(name, ip);
  AddChain(node, kV4);
  AddRelay(node);
  AddStun(node, kV4, "stun.no_reply");
  return node;
}

constexpr Duration kDay = std::chrono::hours(24);

}  // namespace

TEST_CASE("two relays that agree on another time say that the clock is wrong",
          "[diagnosis][prober]") {
  const RunReport report =
      JudgeAll({WithOffset(HealthyNode("5a", "192.0.2.1"), 3 * kDay),
                WithOffset(HealthyNode("5b", "192.0.2.2"), 3 * kDay + std::chrono::seconds(30))});
  REQUIRE(Codes(report) == Texts{"prober.clock"});
  CHECK(report.findings[0].fact == "3 days behind the Date of 2 relays");
  CHECK(report.counts.usable == 2);
  CHECK(report.exit_status == 0);
}

TEST_CASE("one relay with another time, or two that differ, say nothing of the clock",
          "[diagnosis][prober]") {
  CHECK(JudgeAll({WithOffset(HealthyNode("5a", "192.0.2.1"), 3 * kDay)}).findings.empty());
  CHECK(JudgeAll({WithOffset(HealthyNode("5a", "192.0.2.1"), 3 * kDay),
                  WithOffset(HealthyNode("5b", "192.0.2.2"), 5 * kDay)})
            .findings.empty());
  CHECK(JudgeAll({WithOffset(HealthyNode("5a", "192.0.2.1"), std::chrono::seconds(100)),
                  WithOffset(HealthyNode("5b", "192.0.2.2"), std::chrono::seconds(100))})
            .findings.empty());
  // Two nodes of one machine are one witness.
  CHECK(JudgeAll({WithOffset(HealthyNode("5a", "192.0.2.1"), 3 * kDay),
                  WithOffset(HealthyNode("5b", "192.0.2.1"), 3 * kDay)})
            .findings.empty());
}

TEST_CASE("a certificate valid at the relay's time is excused and proves the clock wrong",
          "[diagnosis][prober]") {
  const RunReport report = JudgeAll({ExcusableNode("5a", "192.0.2.1", -100 * kDay)});
  REQUIRE(Codes(report) == Texts{"prober.clock"});
  CHECK(report.findings[0].fact ==
        "100 days ahead of the Date of 1 relay, at whose time its certificate is valid");
  CHECK(report.nodes[0].Find(Stage::kCert, kV4)->outcome == Outcome::kOk);
  CHECK(report.nodes[0].verdict == Verdict::kUsable);
}

TEST_CASE("a relay whose own clock is wrong excuses nothing while others agree with ours",
          "[diagnosis][prober]") {
  const RunReport report =
      JudgeAll({ExcusableNode("5a", "192.0.2.1", -100 * kDay),
                WithOffset(HealthyNode("5b", "192.0.2.2"), std::chrono::seconds(1))});
  REQUIRE(Codes(report) == Texts{"cert.expired"});
  const NodeReport& node = report.nodes[0];
  CHECK(node.verdict == Verdict::kUnusable);
  CHECK(node.Find(Stage::kHttp, kV4)->outcome == Outcome::kNotReached);
  CHECK(node.Find(Stage::kHttp, kV4)->after == Stage::kCert);
  CHECK(node.Find(Stage::kRelay, {})->outcome == Outcome::kNotReached);
  CHECK(node.Find(Stage::kStun, kV4)->outcome == Outcome::kOk);
}

TEST_CASE("the same foreign issuer on two hosts is the prober's trouble", "[diagnosis][prober]") {
  const RunReport report = JudgeAll({ForeignNode("5a", "192.0.2.1", "CN=Box"),
                                     ForeignNode("5b", "192.0.2.2", "CN=Box", "cert.pin_mismatch"),
                                     HealthyNode("5c", "192.0.2.3")});
  REQUIRE(Codes(report) == Texts{"prober.tls_intercepted"});
  CHECK(report.nodes[0].verdict == Verdict::kUnknown);
  CHECK(report.nodes[1].verdict == Verdict::kUnknown);
  CHECK(report.nodes[2].verdict == Verdict::kUsable);
  CHECK(report.nodes[0].Find(Stage::kCert, kV4)->reason == kInterceptedReason);
  CHECK(report.nodes[0].Find(Stage::kRelay, {})->outcome == Outcome::kSkipped);
  CHECK(report.exit_status == 1);
}

TEST_CASE("issuers that differ, one host, or self-signed ones are the nodes' own",
          "[diagnosis][prober]") {
  using Row = std::vector<NodeReport>;
  for (const Row& nodes :
       {Row{ForeignNode("5a", "192.0.2.1", "CN=A"), ForeignNode("5b", "192.0.2.2", "CN=B")},
        Row{ForeignNode("5a", "192.0.2.1", "CN=A"), ForeignNode("5b", "192.0.2.1", "CN=A")},
        Row{ForeignNode("5a", "192.0.2.1", "CN=A", "cert.pin_mismatch", true),
            ForeignNode("5b", "192.0.2.2", "CN=A", "cert.pin_mismatch", true)}}) {
    const RunReport report = JudgeAll(nodes);
    CHECK(report.findings.size() == 2);
    CHECK(report.counts.unusable == 2);
  }
}

TEST_CASE("port 80 answered alike without challenge on two hosts is a captive portal",
          "[diagnosis][prober]") {
  const RunReport report =
      JudgeAll({Port80Node("5a", "192.0.2.1", "status 302 to http://portal/?from=a"),
                Port80Node("5b", "192.0.2.2", "status 302 to http://portal/?from=b")});
  REQUIRE(Codes(report) == Texts{"prober.captive_portal"});
  CHECK(report.nodes[0].Find(Stage::kPort80, {})->reason == kCaptiveReason);
  CHECK(report.counts.usable == 2);
  CHECK(report.exit_status == 0);
}

TEST_CASE("different answers, or one relay that echoes, are no captive portal",
          "[diagnosis][prober]") {
  CHECK(Codes(JudgeAll({Port80Node("5a", "192.0.2.1", "status 204"),
                        Port80Node("5b", "192.0.2.2", "status 200", "port80.not_204")})) ==
        Texts{"port80.no_challenge", "port80.not_204"});
  NodeReport good = HealthyNode("5c", "192.0.2.3");
  Recorder(good).Ok(Stage::kPort80, {}, {});
  CHECK(Codes(JudgeAll({Port80Node("5a", "192.0.2.1", "status 204"),
                        Port80Node("5b", "192.0.2.2", "status 204"), good})) ==
        Texts{"port80.no_challenge", "port80.no_challenge"});
}

TEST_CASE("with a UDP reference that answers every silent relay has its own finding",
          "[diagnosis][prober]") {
  const std::vector<NodeReport> nodes = {SilentStun("5a", "192.0.2.1"),
                                         SilentStun("5b", "192.0.2.2")};
  ProberState prober;
  prober.udp_reference = UdpReference{"stun.test:3478", true, "answers"};
  const RunReport report = JudgeAll(nodes, prober);
  CHECK(Codes(report) == Texts{"stun.no_reply", "stun.no_reply"});
  CHECK(report.counts.impaired == 2);
  const RunReport one = JudgeAll({nodes[0]}, prober);
  CHECK(one.findings[0].fact.find("cannot be told") == std::string::npos);

  prober.udp_reference = UdpReference{"stun.test:3478", false, "no answer to 5 requests in 3 s"};
  const RunReport blocked = JudgeAll(nodes, prober);
  REQUIRE(Codes(blocked) == Texts{"prober.udp_blocked"});
  CHECK(blocked.findings[0].fact.find("the reference stun.test:3478 is silent too") !=
        std::string::npos);
}

TEST_CASE("a proxy and a shortage of descriptors are said", "[diagnosis][prober]") {
  ProberState prober{.proxy = "http://proxy:3128",
                     .descriptors = 1024,
                     .descriptors_wanted = DescriptorsFor(1000)};
  const RunReport report = JudgeAll({HealthyNode("5a", "192.0.2.1")}, prober);
  CHECK(Codes(report) == Texts{"prober.descriptors", "prober.proxy"});
  CHECK(report.exit_status == 0);
  CHECK(report.counts.usable == 1);
  prober = {.proxy = {}, .descriptors = 100'000, .descriptors_wanted = DescriptorsFor(1000)};
  CHECK(JudgeAll({HealthyNode("5a", "192.0.2.1")}, prober).findings.empty());
}
