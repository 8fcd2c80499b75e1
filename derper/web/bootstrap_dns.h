// /bootstrap-dns (derper.md 2.6) of a relay that publishes no names: an empty answer and counters.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "common/http/request.h"
#include "common/http/response.h"
#include "common/metrics/registry.h"

namespace derp::relay {

// Control thread only.
class BootstrapDns {
 public:
  http::Response Handle(const http::Request& request);
  void Collect(std::vector<metrics::Family>& out) const;

 private:
  std::uint64_t requests_ = 0;
  std::uint64_t misses_ = 0;
  std::set<std::string> queried_;  // forgotten above 500, as in the Go program
};

}  // namespace derp::relay
