// /debug/vars: all metrics as one JSON object under the names that the Go program registers them by
// (derper.md 7.1): sets nested, type prefixes kept.
#pragma once

#include <string>
#include <vector>

#include "common/metrics/registry.h"

namespace derp::relay {

// `arguments`: the command line, without secrets.
std::string GoVars(const std::vector<metrics::Family>& families,
                   const std::vector<std::string>& arguments);

}  // namespace derp::relay
