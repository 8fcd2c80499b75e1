// One walk of one node and its judgement, with deadlines short enough for tests of silence.
#pragma once

#include <string>
#include <vector>

#include "common/diagnosis/measure.h"
#include "tests/support/fake_resolver.h"

namespace derp::test {

class WalkFixture {
 public:
  WalkFixture() : context(diagnosis::MakeWalkContext(clock, random, resolver)) {
    context.roots = net::RootStore::System();
    context.has_ipv4 = true;
    context.has_ipv6 = true;
  }

  // For faults that are a silence: the stage gives up soon.
  void HurryUp() {
    const Duration soon = std::chrono::milliseconds(600);
    context.caps.tcp = soon;
    context.caps.tls = soon;
    context.caps.http = soon;
    context.caps.derp = soon;
    context.caps.relay = soon;
    context.caps.stun = soon;
    context.caps.mesh = soon;
  }

  diagnosis::RunReport Walk(const derpmap::Node& node) {
    diagnosis::WalkTask task;
    task.region = "lab";
    task.region_id = 1;
    task.node = node;
    task.single_in_region = true;
    task.mesh_key = mesh_key;
    task.asked = asked;
    diagnosis::Measurer measurer(context);
    return diagnosis::Judge(measurer.Measure({task}));
  }

  SystemClock clock;
  SystemRandom random;
  FakeResolver resolver{{{"relay.test", {*IpAddress::Parse("127.0.0.1")}}}};
  diagnosis::WalkContext context;
  std::optional<MeshKey> mesh_key;
  // The main chain and STUN; tests of side stages ask for more.
  diagnosis::StagesAsked asked{.side = false, .ws = false};
};

// Codes of errors and warnings, in the report's order.
inline std::vector<std::string> CodesOf(const diagnosis::RunReport& report) {
  std::vector<std::string> codes;
  for (const diagnosis::Finding& finding : report.findings) {
    if (finding.severity != diagnosis::Severity::kInfo) codes.push_back(finding.code);
  }
  return codes;
}

}  // namespace derp::test
