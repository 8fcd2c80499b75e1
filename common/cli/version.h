// What -version prints, in one line on stdout.
#pragma once

#include <string>

namespace derp::cli {

std::string Version();  // "0.1.0"

}  // namespace derp::cli
