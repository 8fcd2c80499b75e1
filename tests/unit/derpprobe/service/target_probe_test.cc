#include "derpprobe/service/target_probe.h"

#include <catch2/catch.hpp>

#include "common/diagnosis/judgement.h"
#include "derpprobe/service/target_metrics.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/node_reports.h"

using namespace derp;
using namespace derp::probe;

namespace {

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

diagnosis::RunReport Judged(diagnosis::NodeReport node) {
  diagnosis::Measurement measured;
  measured.mesh_asked = false;
  measured.nodes.push_back(std::move(node));
  return diagnosis::Judge(std::move(measured));
}

}  // namespace

TEST_CASE("modules are the whole walk or one class of it", "[service]") {
  CHECK(ParseProbeModule("") == ProbeModule::kDerp);
  CHECK(ParseProbeModule("derp") == ProbeModule::kDerp);
  CHECK(ParseProbeModule("stun") == ProbeModule::kStun);
  CHECK_FALSE(ParseProbeModule("http_2xx").has_value());
  CHECK(StagesOf(ProbeModule::kDerp).side);
  const auto tls = StagesOf(ProbeModule::kTls);
  CHECK(tls.tls);
  CHECK_FALSE((tls.stun || tls.mesh || tls.side || tls.ws));
}

TEST_CASE("the scrape's timeout shortens the budget, and nothing lengthens it", "[service]") {
  const Duration most = std::chrono::seconds(35);
  CHECK(ScrapeBudget("10", most) == std::chrono::milliseconds(9500));
  CHECK(ScrapeBudget("0.2", most) == std::chrono::seconds(1));
  CHECK(ScrapeBudget("100", most) == most);
  for (const std::string_view wrong : {"", "x", "-3", "nan", "inf", "1e99", "10s"}) {
    CHECK(ScrapeBudget(wrong, most) == most);
  }
}

TEST_CASE("a healthy walk succeeds and tells its times", "[service]") {
  const auto report = Judged(derp::test::HealthyNode("5a", "192.0.2.1"));
  const std::string text =
      TargetMetrics(report, report.nodes[0], std::chrono::milliseconds(1500), /*debug=*/false);
  CHECK(Has(text, "\nprobe_success 1\n"));
  CHECK(Has(text, "\nprobe_duration_seconds 1.5\n"));
  CHECK(Has(text, "probe_stage_result{family=\"ipv4\",stage=\"cert\"} 1\n"));
  CHECK(Has(text, "probe_relay_rtt_seconds 0.0011\n"));
  CHECK(Has(text, "probe_stun_rtt_seconds{family=\"ipv4\"} 0.0042\n"));
  CHECK(Has(text, "probe_ip_protocol 4\n"));
}

TEST_CASE("a failed stage fails the probe, names its code, and debug tells the steps",
          "[service]") {
  const auto report = Judged(derp::test::FailingNode("5a", "192.0.2.1", "cert.expired"));
  const std::string text = TargetMetrics(report, report.nodes[0], {}, /*debug=*/true);
  CHECK(Has(text, "probe_success 0\n"));
  CHECK(Has(text, "probe_finding{code=\"cert.expired\",severity=\"error\"} 1\n"));
  CHECK(Has(text, "# http ipv4: not reached after cert\n"));
  CHECK(Has(text, "# error[cert.expired] "));
}

TEST_CASE("a walk in which nothing ran is no success", "[service]") {
  diagnosis::NodeReport node = derp::test::NamedNode("5a", "192.0.2.1");
  diagnosis::Recorder(node).Skip(diagnosis::Stage::kStun, {}, "STUNPort -1");
  CHECK_FALSE(ProbeSucceeded(Judged(node), node));
}

TEST_CASE("a target must be named by map or command line, before and after resolving",
          "[service]") {
  const SystemClock clock;
  SystemRandom random;
  derp::test::FakeResolver resolver{{{"evil.test", {*IpAddress::Parse("169.254.169.254")}},
                                     {"rebound.test", {*IpAddress::Parse("127.0.0.1")}}}};
  const auto context = diagnosis::MakeWalkContext(clock, random, resolver);
  const TargetProbe probe(
      context, [](std::string_view, const auto&) { return std::vector<diagnosis::WalkTask>(); },
      {"evil.test:443", "rebound.test:443", "gone.test:443"});
  const auto status = [&](std::string target) {
    return probe.Run({std::move(target), ProbeModule::kDerp, std::chrono::seconds(2), false})
        .status;
  };
  CHECK(status("127.0.0.1:22") == 403);
  CHECK(status("evil.test:80") == 403);
  CHECK(status("evil.test") == 403);
  CHECK(resolver.questions() == 0);
  CHECK(status("evil.test:443") == 403);
  CHECK(status("REBOUND.test:443") == 403);
  CHECK(status("gone.test:443") == 502);
}

TEST_CASE("an answer repeats no more of a target than of any peer's text", "[service]") {
  CHECK(Shown("a\"b:443") == "\"a\\\"b:443\"");
  CHECK(Shown(std::string(120, 'a')) == '"' + std::string(120, 'a') + '"');
  CHECK(Shown(std::string(4000, 'a')) == '"' + std::string(120, 'a') + "\"…");
}
