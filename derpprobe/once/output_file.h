// Where the report of -once goes: standard output, or a file that others read meanwhile.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace derp::probe {

// To `path` by rename, keeping the mode of the file that was there; to standard output when it is
// empty. An error names the file.
Expected<void, Error> WriteOutput(const std::string& path, std::string_view text);

}  // namespace derp::probe
