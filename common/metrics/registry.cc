#include "common/metrics/registry.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace derp::metrics {

void Registry::Add(Source source) { sources_.push_back(std::move(source)); }

std::vector<Family> Registry::Gather() const {
  std::vector<Family> all;
  for (const Source& source : sources_) source(all);
  std::map<std::string, Family> by_name;
  for (Family& family : all) {
    const auto [known, is_new] = by_name.try_emplace(family.name);
    if (is_new) {
      known->second = std::move(family);
      continue;
    }
    std::move(family.samples.begin(), family.samples.end(),
              std::back_inserter(known->second.samples));
  }
  std::vector<Family> merged;
  merged.reserve(by_name.size());
  for (auto& [name, family] : by_name) merged.push_back(std::move(family));
  return merged;
}

}  // namespace derp::metrics
