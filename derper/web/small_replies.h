// The relay's small fixed answers (derper.md 2.5).
#pragma once

#include "common/http/request.h"
#include "common/http/response.h"

namespace derp::relay {

// /generate_204: proves to a client that no captive portal answered. A harmless challenge comes
// back in the reply.
http::Response CaptivePortalReply(const http::Request& request);

// /derp/probe and /derp/latency-check.
http::Response ProbeReply(const http::Request& request);

http::Response RobotsReply();

// The style sheet of all pages: their content policy forbids inline styles.
http::Response StyleReply();

}  // namespace derp::relay
