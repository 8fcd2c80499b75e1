// -check-config: whether a start with these settings would work, without binding or making
// anything.
#pragma once

#include <string>

#include "derper/options.h"

namespace derp::relay {

struct ConfigCheck {
  std::string text;  // a line for each thing looked at, "error: " in front of what is wrong
  int status = 0;    // 2 when anything is wrong
};

// Looks at the values, addresses, key files, certificates, the mesh key with its secrets server and
// what other files are named. The flags and the settings file are already parsed. Blocking.
ConfigCheck CheckConfig(const Options& options, const Environment& environment);

}  // namespace derp::relay
