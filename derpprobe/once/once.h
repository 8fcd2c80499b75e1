// derpprobe -once: reads the map, walks every node, prints the report on stdout and, where stderr
// is no terminal or -format go asks for it, the reference's lines on stderr.
#pragma once

#include <map>
#include <string>

#include "derpprobe/options/options.h"

namespace derp::probe {

// Returns the exit status: 0 no error and every node judged, 1 otherwise, 2 a map source that
// cannot be one.
int RunOnce(const Options& options, const std::map<std::string, std::string>& environment);

// derpprobe -lint: only what a map says, without asking any node. 0 no error, 1 otherwise (an
// unreadable map is one), 2 a format that it does not speak.
int RunLint(const Options& options, const std::map<std::string, std::string>& environment);

}  // namespace derp::probe
