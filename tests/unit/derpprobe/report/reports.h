// A judged round and what stands beside it, for the tests of the report's formats.
#pragma once

#include "derpprobe/report/json_report.h"
#include "tests/support/run_reports.h"

namespace derp::test {

inline diagnosis::RunReport OneGoodOneBad() {
  auto bad = FailingNode("5b", "192.0.2.2", "cert.expired");
  bad.cert_days_left = -2;
  bad.findings[0].data["days_left"] = std::int64_t{-2};
  return JudgeNodes({HealthyNode("5a", "192.0.2.1"), std::move(bad)});
}

inline diagnosis::NodeReport WarnedNode() {
  auto node = HealthyNode("5a", "192.0.2.1");
  diagnosis::Finding finding = diagnosis::MakeFinding("cert.expiring");
  finding.headline = "certificate ends in 20 days";
  finding.fact = "not after 2026-12-11T00:00:00Z";
  diagnosis::Recorder(node).Note(std::move(finding), kV4);
  return node;
}

inline probe::ReportFacts FactsOf(int exit) {
  probe::ReportFacts facts;
  facts.time = FromUnixSeconds(1'795'259'423);
  facts.took = std::chrono::microseconds(12'400'250);
  facts.exit = exit;
  facts.vantage = "watcher";
  facts.sources = {{"https://headscale.example.net/derpmap", FromUnixSeconds(1'795'259'411), ""}};
  facts.map_regions = 1;
  facts.map_nodes = 2;
  return facts;
}

}  // namespace derp::test
