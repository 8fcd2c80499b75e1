// /probe?target=&module= in the style of blackbox_exporter: one walk of one node on demand, as
// metrics. A target is a node of the loaded map, or one that -probe-allow names (derpprobe.md 7.3).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/diagnosis/measure.h"

namespace derp::probe {

// Which part of a walk counts.
enum class ProbeModule { kDerp, kTls, kStun, kMesh };
std::optional<ProbeModule> ParseProbeModule(std::string_view name);  // "" is derp
diagnosis::StagesAsked StagesOf(ProbeModule module);

struct TargetRequest {
  std::string target;
  ProbeModule module = ProbeModule::kDerp;
  Duration budget{};   // for everything, waiting for a thread excluded
  bool debug = false;  // the step log beside the metrics
};

// Status and text of the answer.
struct TargetAnswer {
  int status = 200;
  std::string text;
};

class TargetProbe {
 public:
  // The tasks of the region a node of the loaded map belongs to, that node's first; empty when no
  // node has that name.
  using FindNode = std::function<std::vector<diagnosis::WalkTask>(
      std::string_view node, const diagnosis::StagesAsked& asked)>;

  // `allowed` are HOST:PORT texts. What the context refers to outlives this.
  TargetProbe(const diagnosis::WalkContext& context, FindNode find,
              std::vector<std::string> allowed);

  // Blocking, any thread.
  TargetAnswer Run(const TargetRequest& request) const;

 private:
  // What to walk, the target first. An error's code: kPermission or what resolving said.
  Expected<std::vector<diagnosis::WalkTask>, TargetAnswer> Plan(const TargetRequest& request) const;
  Expected<derpmap::Node, TargetAnswer> ForeignNode(const TargetRequest& request) const;
  bool IsAllowed(std::string_view target) const;

  const diagnosis::WalkContext context_;
  const FindNode find_;
  const std::vector<std::string> allowed_;
};

// What a request names, quoted for an answer; no more of it than of any peer's text.
std::string Shown(std::string_view asked);

// The X-Prometheus-Scrape-Timeout-Seconds header as a budget: half a second earlier, never more
// than `most`, which also stands for a missing or wrong header.
Duration ScrapeBudget(std::string_view header, Duration most);

}  // namespace derp::probe
