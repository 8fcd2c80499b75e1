// -check-config: whether a start with these settings would work, without starting anything.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "derpprobe/options/options.h"

namespace derp::probe {

struct ConfigCheck {
  std::string
      text;        // a line for each thing that was looked at, "error: " in front of what is wrong
  int status = 0;  // 2 when anything is wrong
};

// Reads key files, the secrets server, the maps with their region filter, and looks at the state
// directory. The flags and the settings file are already parsed. Blocking.
ConfigCheck CheckConfig(const Options& options,
                        const std::map<std::string, std::string>& environment);

}  // namespace derp::probe
