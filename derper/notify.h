// Tells systemd, or whoever else set NOTIFY_SOCKET, how the service is (sd_notify(3)).
#pragma once

#include <string_view>

#include "derper/options.h"

namespace derp::relay {

// Does nothing without NOTIFY_SOCKET. Failures are not told: the manager notices by itself.
void NotifyServiceManager(const Environment& environment, std::string_view state);

}  // namespace derp::relay
