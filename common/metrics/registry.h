// What a program exports. A Registry gathers families from its sources on each scrape and hands
// them to a text writer (prometheus_text.h, go_vars.h). No global state. prometheus-cpp's model is
// used inside the .cc files.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace derp::metrics {

enum class Kind { kCounter, kGauge, kUntyped, kHistogram };

using Labels = std::vector<std::pair<std::string, std::string>>;  // printed in this order

struct HistogramValue {
  std::vector<std::pair<double, std::uint64_t>> buckets;  // upper bound, cumulative; without +Inf
  std::uint64_t count = 0;
  double sum = 0;
};

struct Sample {
  Labels labels;
  double value = 0;
  HistogramValue histogram;  // only for Kind::kHistogram
};

struct Family {
  std::string name;
  Kind kind = Kind::kUntyped;
  std::string help;  // may be empty
  std::vector<Sample> samples;
};

// Thread-safe once built; sources are called in the thread that scrapes and must be safe there.
class Registry {
 public:
  using Source = std::function<void(std::vector<Family>&)>;
  void Add(Source source);
  std::vector<Family> Gather() const;  // sorted by name; families of one name are merged

 private:
  std::vector<Source> sources_;
};

// process_*, process_start_unix_time, uptime_sec, node_boot_time_seconds, version{version,binary}.
Registry::Source ProcessSource(std::string binary, std::string version);

// The descriptors this process has open, without the one that counting needs itself.
double OpenDescriptors();

}  // namespace derp::metrics
