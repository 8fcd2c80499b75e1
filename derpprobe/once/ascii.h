// Reports for places that cannot show UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace derp::probe {

// Our own signs as ASCII; what else is foreign becomes '?'.
std::string ToAscii(std::string_view text);

}  // namespace derp::probe
