// What the command line says about whom to ask: "host", "host port", "host:port", "[v6]:port", a
// bare IPv6 literal. Text only; names are resolved in run.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace derp::stunc {

struct Target {
  std::string host;
  std::uint16_t port = 0;
};

// `words` are the one or two positional words. The error is the line for stderr; a bad port reads
// as the reference's ("invalid port: strconv.ParseUint: parsing "x": invalid syntax").
Expected<Target, std::string> ParseTarget(const std::vector<std::string>& words);

}  // namespace derp::stunc
