#include "derpprobe/service/target_metrics.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/metrics/prometheus_text.h"
#include "derpprobe/service/failure_log.h"

namespace derp::probe {
namespace {

using diagnosis::Finding;
using diagnosis::NodeReport;
using diagnosis::Outcome;
using metrics::Family;
using metrics::Kind;

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// Of this node, or of the whole prober.
bool Concerns(const Finding& finding, const NodeReport& node) {
  if (finding.region.empty()) return finding.stage == diagnosis::Stage::kProber;
  if (finding.region_id != node.region_id) return false;
  const auto& peers = finding.peers;
  return finding.node.empty() || finding.node == node.node ||
         std::find(peers.begin(), peers.end(), node.node) != peers.end();
}

std::optional<double> Value(Outcome outcome) {
  if (outcome == Outcome::kOk) return 1;
  if (outcome == Outcome::kWarn) return 0.5;
  if (outcome == Outcome::kFail) return 0;
  return std::nullopt;
}

Family Gauge(std::string name, std::string help) {
  return {std::move(name), Kind::kGauge, std::move(help), {}};
}

void AddStages(const NodeReport& node, std::vector<Family>& families) {
  Family result =
      Gauge("probe_stage_result", "1 ok, 0.5 warn, 0 fail; absent when it did not run.");
  Family duration = Gauge("probe_stage_duration_seconds", "Time the stage took.");
  for (const auto& stage : node.stages) {
    const auto value = Value(stage.outcome);
    if (!value) continue;
    const metrics::Labels labels = {
        {"family", stage.family ? std::string(FamilyName(*stage.family)) : ""},
        {"stage", std::string(StageName(stage.stage))}};
    result.samples.push_back({labels, *value, {}});
    duration.samples.push_back({labels, Seconds(stage.duration), {}});
  }
  families.push_back(std::move(result));
  families.push_back(std::move(duration));
}

void AddTimes(const NodeReport& node, std::vector<Family>& families) {
  const auto add = [&families](std::string name, std::string help, double value) {
    Family family = Gauge(std::move(name), std::move(help));
    family.samples.push_back({{}, value, {}});
    families.push_back(std::move(family));
  };
  if (node.relay_rtt) {
    add("probe_relay_rtt_seconds", "Median round trip through the relay.",
        Seconds(*node.relay_rtt));
  }
  Family stun = Gauge("probe_stun_rtt_seconds", "Median STUN round trip.");
  for (const auto& target : node.targets) {
    if (!target.stun_rtt) continue;
    stun.samples.push_back(
        {{{"family", std::string(FamilyName(target.family))}}, Seconds(*target.stun_rtt), {}});
  }
  if (!stun.samples.empty()) families.push_back(std::move(stun));
  if (node.cert_not_after) {
    add("probe_ssl_earliest_cert_expiry", "Unix time at which the certificate ends.",
        static_cast<double>(UnixSeconds(*node.cert_not_after)));
  }
  for (const auto& stage : node.stages) {
    if (stage.stage != diagnosis::Stage::kDns || stage.duration <= Duration::zero()) continue;
    add("probe_dns_lookup_time_seconds", "Time the name took to resolve.", Seconds(stage.duration));
    break;
  }
  if (node.relay_family) {
    add("probe_ip_protocol", "4 or 6: over what the relay was used.",
        *node.relay_family == AddressFamily::kIpv4 ? 4 : 6);
  }
}

void AddFindings(const diagnosis::RunReport& report, const NodeReport& node,
                 std::vector<Family>& families) {
  Family family = Gauge("probe_finding", "1 per finding of this walk.");
  for (const Finding& finding : report.findings) {
    if (!Concerns(finding, node)) continue;
    const metrics::Labels labels = {{"code", finding.code},
                                    {"severity", std::string(SeverityName(finding.severity))}};
    const bool known =
        std::any_of(family.samples.begin(), family.samples.end(),
                    [&](const metrics::Sample& sample) { return sample.labels == labels; });
    if (!known) family.samples.push_back({labels, 1, {}});
  }
  if (!family.samples.empty()) families.push_back(std::move(family));
}

// A comment must stay one line.
std::string Comment(const std::string& line) {
  std::string safe = "# " + line;
  std::replace_if(safe.begin(), safe.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return safe + "\n";
}

}  // namespace

bool ProbeSucceeded(const diagnosis::RunReport& report, const NodeReport& node) {
  bool ran = false;
  for (const auto& stage : node.stages) {
    if (stage.outcome == Outcome::kFail) return false;
    ran = ran || Value(stage.outcome).has_value();
  }
  const bool error =
      std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& finding) {
        return finding.severity == diagnosis::Severity::kError && Concerns(finding, node);
      });
  return ran && !error;
}

std::string TargetMetrics(const diagnosis::RunReport& report, const NodeReport& node, Duration took,
                          bool debug) {
  std::vector<Family> families;
  families.push_back({"probe_success",
                      Kind::kGauge,
                      "1 when everything that was asked for works.",
                      {{{}, ProbeSucceeded(report, node) ? 1.0 : 0.0, {}}}});
  families.push_back(
      {"probe_duration_seconds", Kind::kGauge, "Time the probe took.", {{{}, Seconds(took), {}}}});
  AddStages(node, families);
  AddTimes(node, families);
  AddFindings(report, node, families);
  std::string text;
  if (debug) {
    for (const std::string& line : StepLog(node)) text += Comment(line);
    for (const Finding& finding : report.findings) {
      if (!Concerns(finding, node)) continue;
      text += Comment(fmt::format("{}[{}] {}: {}", SeverityName(finding.severity), finding.code,
                                  finding.headline, finding.fact));
    }
  }
  return text + metrics::WritePrometheusText(families);
}

}  // namespace derp::probe
