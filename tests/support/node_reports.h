// Walks as a healthy or failing node gives them, made by hand for tests of judgement and reports.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/recorder.h"
#include "common/diagnosis/report.h"

namespace derp::test {

inline constexpr AddressFamily kV4 = AddressFamily::kIpv4;
inline constexpr AddressFamily kV6 = AddressFamily::kIpv6;

inline diagnosis::NodeReport NamedNode(const std::string& name, const std::string& ip,
                                       const std::string& region = "fra",
                                       std::int64_t region_id = 5) {
  diagnosis::NodeReport node;
  node.region = region;
  node.region_id = region_id;
  node.node = name;
  node.host = "derp" + name + ".example.net";
  node.derp_port = 443;
  diagnosis::FamilyTarget target;
  target.derp = SocketAddress{*IpAddress::Parse(ip), 443};
  target.stun = SocketAddress{*IpAddress::Parse(ip), 3478};
  target.family = target.derp->ip.family();
  node.targets.push_back(target);
  return node;
}

// One family's chain up to `failing`, whose code decides it; an empty code: all went well.
inline void AddChain(diagnosis::NodeReport& node, AddressFamily family,
                     std::string_view code = {}) {
  using diagnosis::Stage;
  diagnosis::Recorder recorder(node);
  std::optional<Stage> failed;
  for (const Stage stage : {Stage::kTcp, Stage::kTls, Stage::kCert, Stage::kHttp, Stage::kDerp}) {
    if (failed) {
      recorder.NotReached(stage, family, *failed);
    } else if (!code.empty() && diagnosis::FindEntry(code)->stage == stage) {
      diagnosis::Finding finding = diagnosis::MakeFinding(code);
      finding.headline = "fails";
      finding.fact = std::string(code) + " over " + std::string(FamilyName(family));
      recorder.Decide(stage, family, std::chrono::milliseconds(1), std::move(finding));
      failed = stage;
    } else {
      recorder.Ok(stage, family, std::chrono::milliseconds(1));
    }
  }
}

inline void AddRelay(diagnosis::NodeReport& node) {
  diagnosis::Recorder(node).Ok(diagnosis::Stage::kRelay, {}, std::chrono::milliseconds(2));
  node.relay_rtt = std::chrono::microseconds(1100);
}

inline void AddRelayNotReached(diagnosis::NodeReport& node, diagnosis::Stage after) {
  diagnosis::Recorder(node).NotReached(diagnosis::Stage::kRelay, {}, after);
}

inline void AddStun(diagnosis::NodeReport& node, AddressFamily family, std::string_view code = {}) {
  diagnosis::Recorder recorder(node);
  if (code.empty()) {
    recorder.Ok(diagnosis::Stage::kStun, family, std::chrono::milliseconds(4));
    for (auto& target : node.targets) {
      if (target.family == family) target.stun_rtt = std::chrono::microseconds(4200);
    }
    return;
  }
  diagnosis::Finding finding = diagnosis::MakeFinding(code);
  finding.headline = "silent";
  finding.fact = "0 of 5 replies in 3 s";
  recorder.Decide(diagnosis::Stage::kStun, family, std::chrono::seconds(3), std::move(finding));
}

// What stands beside the main chain; after a failure before `derp` two of the stages are out of
// reach.
inline void AddSides(diagnosis::NodeReport& node, AddressFamily family,
                     std::optional<diagnosis::Stage> failed = {}) {
  using diagnosis::Stage;
  diagnosis::Recorder recorder(node);
  recorder.Ok(Stage::kPort80, family, std::chrono::milliseconds(1));
  for (const Stage stage : {Stage::kLatency, Stage::kWs}) {
    if (failed) {
      recorder.NotReached(stage, family, *failed);
    } else {
      recorder.Ok(stage, family, std::chrono::milliseconds(1));
    }
  }
}

inline diagnosis::NodeReport HealthyNode(const std::string& name, const std::string& ip) {
  diagnosis::NodeReport node = NamedNode(name, ip);
  diagnosis::Recorder(node).Skip(diagnosis::Stage::kDns, {}, "literal");
  AddChain(node, kV4);
  AddRelay(node);
  AddStun(node, kV4);
  node.cert_days_left = 61;
  node.relay_family = kV4;
  return node;
}

// A node whose IPv4 chain fails by `code`; STUN answers, unless another code says otherwise.
inline diagnosis::NodeReport FailingNode(const std::string& name, const std::string& ip,
                                         std::string_view code, std::string_view stun_code = {}) {
  diagnosis::NodeReport node = NamedNode(name, ip);
  diagnosis::Recorder(node).Skip(diagnosis::Stage::kDns, {}, "literal");
  AddChain(node, kV4, code);
  AddRelayNotReached(node, diagnosis::FindEntry(code)->stage);
  AddStun(node, kV4, stun_code);
  return node;
}

inline diagnosis::MeshDirection MeshPair(const std::string& from, const std::string& to,
                                         bool works) {
  diagnosis::MeshDirection direction;
  direction.from = from;
  direction.to = to;
  direction.sent = works ? 20 : 40;
  direction.received = works ? 20 : 0;
  direction.waited = works ? Duration(std::chrono::milliseconds(2)) : std::chrono::seconds(10);
  if (works) direction.first = std::chrono::microseconds(1500);
  if (works) direction.rtt = std::chrono::microseconds(1300);
  return direction;
}

}  // namespace derp::test
