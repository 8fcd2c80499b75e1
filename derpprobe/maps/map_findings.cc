#include "derpprobe/maps/map_findings.h"

#include <iterator>

#include "common/diagnosis/measure.h"

namespace derp::probe {

std::vector<diagnosis::Finding> SourceFindings(const MapRefresh& refresh) {
  std::vector<diagnosis::Finding> findings;
  if (refresh.map) findings = diagnosis::MapFindings(refresh.map->notes);
  std::vector<diagnosis::Finding> of_sources = diagnosis::MapFindings(refresh.notes);
  for (diagnosis::Finding& finding : of_sources) {
    if (finding.code != "map.empty") continue;  // here it is the filter that leaves nothing
    finding.headline = "nothing to probe";
    finding.advice = "correct -region-code and -exclude-region, or the map";
  }
  std::move(of_sources.begin(), of_sources.end(), std::back_inserter(findings));
  return findings;
}

}  // namespace derp::probe
