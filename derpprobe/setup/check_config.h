// -check-config: whether a start with these settings would work, without starting anything.
#pragma once

#include <map>
#include <string>

#include "common/config/config_check.h"
#include "derpprobe/options/options.h"

namespace derp::probe {

// Reads key files, the secrets server, the maps with their region filter, and looks at the state
// directory. The flags and the settings file are already parsed. Blocking.
config::ConfigCheck CheckConfig(const Options& options,
                                const std::map<std::string, std::string>& environment);

}  // namespace derp::probe
