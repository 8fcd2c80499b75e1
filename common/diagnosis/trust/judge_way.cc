// What stands between the prober and everybody: boxes that open TLS, captive portals.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/judge_parts.h"
#include "common/diagnosis/judgement.h"

namespace derp::diagnosis {

namespace {

using Nodes = std::vector<NodeReport*>;

std::string TextOf(const Finding& finding, const char* key) {
  const auto value = finding.data.find(key);
  if (value == finding.data.end()) return {};
  const auto* text = std::get_if<std::string>(&value->second);
  return text == nullptr ? std::string() : *text;
}

bool IsSet(const Finding& finding, const char* key) {
  const auto value = finding.data.find(key);
  const auto* set = value == finding.data.end() ? nullptr : std::get_if<bool>(&value->second);
  return set != nullptr && *set;
}

std::size_t HostCount(const Nodes& nodes) {
  std::set<std::string> hosts;
  for (const NodeReport* node : nodes) hosts.insert(HostOf(*node));
  return hosts.size();
}

// A certificate that another than the relay's own authority made, and by whom.
std::string ForeignIssuer(const Finding& finding) {
  const bool foreign = finding.code == "cert.intercepted" ||
                       finding.code == "cert.unknown_issuer" || finding.code == "cert.pin_mismatch";
  if (!foreign || IsSet(finding, "self_signed")) return {};
  return TextOf(finding, "issuer");
}

void Blame(NodeReport& node, const std::string& issuer) {
  std::set<AddressFamily> families;
  std::erase_if(node.findings, [&](const Finding& finding) {
    if (ForeignIssuer(finding) != issuer) return false;
    families.insert(finding.families.begin(), finding.families.end());
    return true;
  });
  for (const AddressFamily family : families) {
    for (const Stage stage : {Stage::kCert, Stage::kHttp, Stage::kDerp}) {
      Skip(StageOf(node, stage, family), kInterceptedReason);
    }
  }
  for (const Stage stage : {Stage::kRelay, Stage::kLatency, Stage::kWs}) {
    StageResult* result = StageOf(node, stage, {});
    if (result != nullptr && result->after == Stage::kCert) Skip(result, kInterceptedReason);
  }
}

}  // namespace

void JudgeInterception(RunReport& report) {
  std::map<std::string, Nodes> by_issuer;
  std::map<std::string, std::string> vendors;
  for (NodeReport& node : report.nodes) {
    std::set<std::string> issuers;
    for (const Finding& finding : node.findings) {
      const std::string issuer = ForeignIssuer(finding);
      if (issuer.empty() || !issuers.insert(issuer).second) continue;
      by_issuer[issuer].push_back(&node);
      if (const auto vendor = TextOf(finding, "vendor"); !vendor.empty()) vendors[issuer] = vendor;
    }
  }
  for (auto& [issuer, nodes] : by_issuer) {
    const std::size_t hosts = HostCount(nodes);
    if (hosts < 2) continue;
    Finding finding = MakeFinding("prober.tls_intercepted");
    finding.headline = "the relays' certificates cannot be judged from here";
    finding.fact = fmt::format(
        "{} hosts show certificates of one issuer nobody here trusts: \"{}\"", hosts, issuer);
    if (vendors.contains(issuer)) finding.fact += fmt::format(" ({})", vendors[issuer]);
    finding.advice =
        "have the prober's connections exempted from inspection; if the issuer is your own "
        "authority, name it in SSL_CERT_FILE";
    finding.data["hosts"] = static_cast<std::int64_t>(hosts);
    finding.data["issuer"] = issuer;
    report.findings.push_back(std::move(finding));
    for (NodeReport* node : nodes) Blame(*node, issuer);
  }
}

void JudgeCaptivePortal(RunReport& report) {
  std::map<std::string, Nodes> by_answer;
  for (NodeReport& node : report.nodes) {
    const StageResult* port80 = node.Find(Stage::kPort80, {});
    if (port80 == nullptr) continue;
    if (port80->outcome == Outcome::kOk) return;  // a relay was reached
    for (const Finding& finding : node.findings) {
      if (finding.code != "port80.not_204" && finding.code != "port80.no_challenge") continue;
      // A portal may send everybody to a place of his own: behind '?' answers may differ.
      const std::string answer = TextOf(finding, "answer");
      by_answer[finding.code + answer.substr(0, answer.find('?'))].push_back(&node);
    }
  }
  if (by_answer.size() != 1) return;
  const Nodes& nodes = by_answer.begin()->second;
  const std::size_t hosts = HostCount(nodes);
  if (hosts < 2) return;
  Finding finding = MakeFinding("prober.captive_portal");
  finding.headline = "port 80 cannot be judged from here";
  const Finding& first =
      *std::find_if(nodes.front()->findings.begin(), nodes.front()->findings.end(),
                    [](const Finding& each) { return each.stage == Stage::kPort80; });
  finding.fact = fmt::format("{} hosts answer alike without the challenge: {}", hosts, first.fact);
  finding.advice = "log in to the network, or have the prober let through";
  finding.data["hosts"] = static_cast<std::int64_t>(hosts);
  report.findings.push_back(std::move(finding));
  for (NodeReport* node : nodes) {
    Remove(*node, "port80.not_204");
    Remove(*node, "port80.no_challenge");
    Skip(StageOf(*node, Stage::kPort80, {}), kCaptiveReason);
  }
}

void JudgeMachine(RunReport& report, const ProberState& prober) {
  if (!prober.proxy.empty()) {
    Finding finding = MakeFinding("prober.proxy");
    finding.headline = "the map is fetched through a proxy";
    finding.fact = fmt::format("{}, from the environment", prober.proxy);
    finding.advice = "nothing, if that is meant: relays are reached without it";
    finding.data["proxy"] = prober.proxy;
    report.findings.push_back(std::move(finding));
  }
  if (prober.descriptors == 0 || prober.descriptors >= prober.descriptors_wanted) return;
  Finding finding = MakeFinding("prober.descriptors");
  finding.headline = "too few file descriptors for the map";
  finding.fact = fmt::format("at most {} may be open, the map can need {}", prober.descriptors,
                             prober.descriptors_wanted);
  finding.advice = "raise the limit (ulimit -n, LimitNOFILE=)";
  finding.data["limit"] = static_cast<std::int64_t>(prober.descriptors);
  finding.data["wanted"] = static_cast<std::int64_t>(prober.descriptors_wanted);
  report.findings.push_back(std::move(finding));
}

}  // namespace derp::diagnosis
