#include "common/metrics/registry.h"

#include <algorithm>
#include <iterator>

namespace derp::metrics {

void Registry::Add(Source source) { sources_.push_back(std::move(source)); }

std::vector<Family> Registry::Gather() const {
  std::vector<Family> all;
  for (const Source& source : sources_) source(all);
  std::stable_sort(all.begin(), all.end(),
                   [](const Family& a, const Family& b) { return a.name < b.name; });
  std::vector<Family> merged;
  for (Family& family : all) {
    if (merged.empty() || merged.back().name != family.name) {
      merged.push_back(std::move(family));
      continue;
    }
    std::vector<Sample>& samples = merged.back().samples;
    std::move(family.samples.begin(), family.samples.end(), std::back_inserter(samples));
  }
  return merged;
}

}  // namespace derp::metrics
