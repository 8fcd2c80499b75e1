// Hand-made maps and walks for tests of the service.
#pragma once

#include <string>

#include "common/derpmap/model.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/report.h"

namespace derp::probe::test {

inline derpmap::DerpMap SampleMap(int regions, int nodes_per_region) {
  derpmap::DerpMap map;
  for (int r = 0; r < regions; ++r) {
    derpmap::Region region;
    region.id = 900 + r;
    region.code = "r" + std::to_string(r);
    region.name = "Region <" + std::to_string(r) + ">";
    for (int n = 0; n < nodes_per_region; ++n) {
      derpmap::Node node;
      node.name = std::to_string(900 + r) + static_cast<char>('a' + n);
      node.region_id = region.id;
      node.host_name = node.name + ".example.net";
      node.ipv4 = "192.0.2." + std::to_string(n + 1);
      region.nodes.push_back(node);
    }
    map.regions[region.id] = region;
  }
  return map;
}

// A walk in which everything a client needs worked.
inline diagnosis::NodeReport HealthyWalk(const derpmap::Region& region, const derpmap::Node& node) {
  using diagnosis::FamilyTarget, diagnosis::Finding, diagnosis::NodeReport, diagnosis::Outcome,
      diagnosis::Stage, diagnosis::StageResult;
  NodeReport report;
  report.region = region.code;
  report.region_id = region.id;
  report.region_name = region.name;
  report.node = node.name;
  report.host = node.host_name;
  report.derp_port = 443;
  report.relay_rtt = std::chrono::microseconds(1100);
  report.cert_days_left = 61;
  FamilyTarget target;
  target.derp = SocketAddress{*IpAddress::Parse(node.ipv4), 443};
  target.stun = SocketAddress{*IpAddress::Parse(node.ipv4), 3478};
  target.stun_rtt = std::chrono::microseconds(4200);
  report.targets.push_back(target);
  for (const Stage stage : {Stage::kTcp, Stage::kTls, Stage::kCert, Stage::kHttp, Stage::kDerp}) {
    report.stages.push_back(
        {stage, AddressFamily::kIpv4, Outcome::kOk, std::chrono::milliseconds(1), "", "", {}});
  }
  report.stages.push_back(
      {Stage::kRelay, std::nullopt, Outcome::kOk, std::chrono::milliseconds(1), "", "", {}});
  report.stages.push_back(
      {Stage::kStun, AddressFamily::kIpv4, Outcome::kOk, std::chrono::milliseconds(4), "", "", {}});
  return report;
}

// The same with an expired certificate; its subject comes from the network and is hostile.
inline diagnosis::NodeReport ExpiredWalk(const derpmap::Region& region, const derpmap::Node& node) {
  using diagnosis::FamilyTarget, diagnosis::Finding, diagnosis::NodeReport, diagnosis::Outcome,
      diagnosis::Stage, diagnosis::StageResult;
  NodeReport report = HealthyWalk(region, node);
  for (StageResult& result : report.stages) {
    if (result.stage == Stage::kCert) {
      result.outcome = Outcome::kFail;
      result.code = "cert.expired";
    } else if (result.stage == Stage::kHttp || result.stage == Stage::kDerp ||
               result.stage == Stage::kRelay) {
      result.outcome = Outcome::kNotReached;
      result.after = Stage::kCert;
    }
  }
  report.relay_rtt.reset();
  Finding finding = diagnosis::MakeFinding("cert.expired");
  finding.region = region.code;
  finding.region_id = region.id;
  finding.node = node.name;
  finding.families = {AddressFamily::kIpv4};
  finding.headline = "certificate expired 2 days ago";
  finding.fact = "issuer \"<script>alert(1)</script>\"";
  finding.advice = "renew it";
  report.findings.push_back(finding);
  return report;
}

}  // namespace derp::probe::test
