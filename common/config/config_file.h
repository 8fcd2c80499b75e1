// A program's settings file: YAML whose names are those of the flags, lists as YAML lists. The
// strength of its values is the FlagSet's matter: flag, then environment, then file, then default.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/cli/flags.h"

namespace derp::config {

inline constexpr std::size_t kMaxConfigBytes = 1 << 20;

// One entry for each name, in the text's order. An error says line, name and what is wrong: no map
// of names at the top, a name twice, no value, something nested. An empty text has no settings.
// Pure.
Expected<std::vector<cli::FileSetting>, Error> ReadSettings(std::string_view text);

// Reads the file and hands its values to `flags`, which have been parsed. An error names the file
// and, where it is about one, the line; an unknown name comes with the nearest known one. "config"
// and "version" are for the command line only.
Expected<void, Error> TakeConfigFile(const std::string& path, cli::FlagSet& flags);

}  // namespace derp::config
