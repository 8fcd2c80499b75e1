#include "derpprobe/service/status_json.h"

#include "derpprobe/report/json_report.h"

namespace derp::probe {

std::string StatusJsonText(const BoardState& state, const PageOptions& options) {
  ReportFacts facts;
  facts.time = options.now;
  facts.vantage = options.vantage;
  facts.sources = {{state.source.url, state.source.fetched, state.source.failure}};
  facts.map_regions = state.regions.size();
  facts.map_nodes = state.nodes_total;
  ServiceFacts service;
  service.nodes_done = state.nodes_done;
  service.last_result = state.last_result;
  service.interval = options.round;
  service.history = [&state](const diagnosis::Finding& finding) -> std::optional<FindingHistory> {
    const FindingAge* age = state.Age(finding);
    if (age == nullptr) return std::nullopt;
    return FindingHistory{age->since, age->rounds};
  };
  service.node_past = [&state](const diagnosis::NodeReport& node) -> const Past* {
    const auto past = state.node_past.find({node.region_id, node.node});
    return past == state.node_past.end() ? nullptr : past->second.get();
  };
  service.region_past = [&state](const diagnosis::RegionReport& region) -> const Past* {
    const auto past = state.region_past.find(region.region_id);
    return past == state.region_past.end() ? nullptr : past->second.get();
  };
  for (const Transition& transition : state.transitions) {
    service.transitions.push_back(
        {transition.at, transition.place, transition.text, transition.state});
  }
  return StatusJson(state.report, facts, service);
}

}  // namespace derp::probe
