// The report against the samples it was designed after, line by line.
#include <catch2/catch.hpp>

#include "common/cli/version.h"
#include "common/diagnosis/judgement.h"
#include "derpprobe/once/text_report.h"
#include "tests/support/run_reports.h"

using namespace derp;
using namespace derp::probe;
using namespace derp::test;
using diagnosis::Stage;

namespace {

diagnosis::NodeReport DualNode(const std::string& name, const std::string& number) {
  auto node = NamedNode(name, "192.0.2." + number);
  diagnosis::FamilyTarget v6 = NamedNode(name, "2001:db8::" + number).targets[0];
  node.targets.push_back(v6);
  diagnosis::Recorder(node).Ok(Stage::kDns, {}, std::chrono::milliseconds(2));
  return node;
}

diagnosis::NodeReport Healthy(const std::string& name, const std::string& number) {
  auto node = DualNode(name, number);
  for (const AddressFamily family : {kV4, kV6}) {
    AddChain(node, family);
    AddStun(node, family);
    AddSides(node, family);
  }
  AddRelay(node);
  node.relay_family = kV4;
  node.cert_days_left = 61;
  return node;
}

diagnosis::NodeReport Own() {
  auto node = Healthy("999a", "9");
  node.region = "own";
  node.region_id = 999;
  node.single_in_region = true;
  node.relay_rtt = std::chrono::microseconds(900);
  for (auto& target : node.targets) target.stun_rtt = std::chrono::microseconds(4800);
  node.cert_days_left = 33;
  return node;
}

diagnosis::NodeReport Expired() {
  auto node = DualNode("5b", "52");
  for (const AddressFamily family : {kV4, kV6}) {
    AddChain(node, family, "cert.expired");
    AddStun(node, family);
    AddSides(node, family, Stage::kCert);
  }
  AddRelayNotReached(node, Stage::kCert);
  for (auto& target : node.targets) target.stun_rtt = std::chrono::microseconds(4400);
  for (auto& finding : node.findings) {
    finding.headline = "certificate expired 2 days ago";
    finding.fact = "not after 2026-11-19T09:01:58Z, issuer \"Example CA R3\"";
    finding.advice = "renew it and reload the relay, then: derpprobe -once -region-code fra";
  }
  node.cert_days_left = -2;
  return node;
}

void SilenceStunOverIpv6(diagnosis::NodeReport& node) {
  std::erase_if(node.stages, [](const diagnosis::StageResult& result) {
    return result.stage == Stage::kStun && result.family == kV6;
  });
  node.targets[1].stun_rtt.reset();
  diagnosis::Finding finding =
      diagnosis::MakeFinding("stun.no_reply", "silent over IPv6",
                             "0 of 5 replies in 3 s from [2001:db8::9]:3478; IPv4 4.8 ms",
                             "open UDP 3478 for IPv6, or write IPv6 \"none\" into the map");
  diagnosis::Recorder(node).Decide(Stage::kStun, kV6, std::chrono::seconds(3), finding);
}

std::string Render(const diagnosis::RunReport& report, std::size_t regions, Duration took) {
  cli::Terminal terminal;
  terminal.utf8 = true;
  std::string text = TextReport({.report = report,
                                 .map_shown = "headscale.example.net",
                                 .map_regions = regions,
                                 .map_nodes = report.nodes.size(),
                                 .time = FromUnixSeconds(1'795'259'423),
                                 .took = took},
                                terminal);
  const std::string version(cli::Version());
  return text.replace(text.find(version), version.size(), "1.0");
}

}  // namespace

TEST_CASE("a healthy run looks as it was drawn", "[derpprobe][report]") {
  diagnosis::Measurement measured;
  measured.nodes = {Healthy("5a", "51"), Own()};
  measured.nodes[0].single_in_region = true;
  CHECK(Render(diagnosis::Judge(std::move(measured)), 2, std::chrono::milliseconds(3200)) ==
        R"(derpprobe 1.0  map headscale.example.net (2 regions, 2 nodes)  2026-11-21T11:10:23Z

   NODE      dns tcp tls cert http derp relay mesh stun p80 lat ws    RELAY    STUN  CERT
✓  fra/5a     ✓   ✓   ✓   ✓    ✓    ✓    ✓     –    ✓    ✓   ✓  ✓    1.1 ms  4.2 ms  61 d
✓  own/999a   ✓   ✓   ✓   ✓    ✓    ✓    ✓     –    ✓    ✓   ✓  ✓    0.9 ms  4.8 ms  33 d

OK  2 of 2 nodes usable, no findings  (3.2 s, exit 0)
)");
}

TEST_CASE("a failing run looks as it was drawn", "[derpprobe][report]") {
  diagnosis::Measurement measured;
  auto own = Own();
  SilenceStunOverIpv6(own);
  auto third = Healthy("5c", "53");
  third.relay_rtt = std::chrono::microseconds(1200);
  measured.nodes = {Healthy("5a", "51"), Expired(), third, own};
  auto dead = MeshPair("5a", "5c", false);
  measured.meshes = {MeshOf({dead, MeshPair("5c", "5a", true)})};
  CHECK(Render(diagnosis::Judge(std::move(measured)), 2, std::chrono::milliseconds(12400)) ==
        R"(derpprobe 1.0  map headscale.example.net (2 regions, 4 nodes)  2026-11-21T11:10:23Z

   NODE      dns tcp tls cert http derp relay mesh stun p80 lat ws    RELAY    STUN  CERT
✕  fra/5b     ✓   ✓   ✓   ✕    ·    ·    ·     ·    ✓    ✓   ·  ·         –  4.4 ms  -2 d
!  fra/5a     ✓   ✓   ✓   ✓    ✓    ✓    ✓     ✕    ✓    ✓   ✓  ✓    1.1 ms  4.2 ms  61 d
!  own/999a   ✓   ✓   ✓   ✓    ✓    ✓    ✓     –    ✕    ✓   ✓  ✓    0.9 ms  4.8 ms  33 d
✓  1 more usable: fra/5c           ✓ ok  ! warn  ✕ fail  – skipped  · not reached

error[cert.expired] fra/5b: certificate expired 2 days ago
    at    derp5b.example.net:443 (192.0.2.52, 2001:db8::52)
    fact  not after 2026-11-19T09:01:58Z, issuer "Example CA R3"; 6 stages not reached
    help  renew it and reload the relay, then: derpprobe -once -region-code fra

error[mesh.one_way] fra: 5a → 5c delivers nothing
    fact  0 of 40 packets in 10 s; 5c → 5a 1.3 ms
    help  check 5a's -mesh-with entry for 5c
          from\to    5a    5b    5c
          5a        1.1     ·     ✕
          5b          ·     ·     ·
          5c        1.3     ·   1.2

error[stun.no_reply] own/999a: silent over IPv6
    fact  0 of 5 replies in 3 s from [2001:db8::9]:3478; IPv4 4.8 ms
    help  open UDP 3478 for IPv6, or write IPv6 "none" into the map

FAIL  1 unusable, 2 impaired, 1 usable of 4 nodes; 3 errors  (12.4 s, exit 1)
      More: derpprobe -explain cert.expired
)");
}
