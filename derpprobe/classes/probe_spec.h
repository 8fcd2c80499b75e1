// The reference's probes as values: what one is, and how a run of it ended.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/metrics/registry.h"

namespace derp::probe {

// A probe's identity and fixed facts. Two specs that differ anywhere are different probes: a node
// that keeps its name but changes its address gets a new one.
struct ProbeSpec {
  std::string name;         // "derp/nyc/1a/tls"
  std::string probe_class;  // "tls"
  metrics::Labels labels;   // beside name and class: region, region_id, hostname …
  Duration interval{};      // negative: continuous
  std::string target;       // a fingerprint of what is measured

  bool is_continuous() const { return interval < Duration::zero(); }
  bool operator==(const ProbeSpec&) const = default;
};

struct ProbeOutcome {
  bool ok = false;
  Duration latency{};  // of the run, also of a failed one
  std::string error;   // empty when ok
};

}  // namespace derp::probe
