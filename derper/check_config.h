// -check-config: whether a start with these settings would work, without binding or making
// anything.
#pragma once

#include "common/config/config_check.h"
#include "derper/options.h"

namespace derp::relay {

// Looks at the values, addresses, key files, certificates, the mesh key with its secrets server and
// what other files are named. The flags and the settings file are already parsed. Blocking.
config::ConfigCheck CheckConfig(const Options& options, const Environment& environment);

}  // namespace derp::relay
