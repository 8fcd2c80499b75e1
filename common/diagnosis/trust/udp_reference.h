// Asks a STUN server that is no relay whether UDP works from here at all (-udp-reference,
// findings.md rule 2). Blocks for at most caps.dns and caps.stun.
#pragma once

#include "common/diagnosis/trust/prober_state.h"
#include "common/diagnosis/walk_context.h"

namespace derp::diagnosis {

// `place` is HOST:PORT. Any family that answers will do.
UdpReference AskUdpReference(const std::string& place, const WalkContext& context);

}  // namespace derp::diagnosis
