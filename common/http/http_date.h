// The Date header of HTTP (RFC 9110 5.6.7), read; response.h writes it.
#pragma once

#include <optional>
#include <string_view>

#include "common/base/clock.h"

namespace derp::http {

// "Sat, 21 Nov 2026 11:10:23 GMT", the one form that is still written. The name of the day is not
// compared with the date.
std::optional<WallTime> ParseHttpDate(std::string_view text);

}  // namespace derp::http
