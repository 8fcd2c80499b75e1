// What a request's headers tell about where it comes from, and how its target may be logged.
#pragma once

#include <string>
#include <string_view>

#include "common/http/request.h"

namespace derp::http {

// Whether a page of another site may have caused this request: a foreign Origin, Sec-Fetch-Site:
// cross-site, or, on loopback, a Host that is not this machine's (DNS rebinding). What runs a probe
// or reloads refuses those.
bool IsForeignRequest(const Request& request);

// A request's target as it may be logged: the value of debugkey is shown as "***".
std::string LoggableTarget(std::string_view target);

}  // namespace derp::http
