// How a relay ended a connection: what it said before it hung up tells a restart from a fault.
#pragma once

#include "common/derp/blocking_client.h"
#include "common/diagnosis/report.h"

namespace derp::diagnosis {

// After a call of `client` failed. Takes what is left to be read, without waiting.
ConnectionEnd HearEnd(BlockingClient& client, const ClientFailure& failure, const Clock& clock);

// relay.closed, with the advice that fits.
Finding ClosedFinding(const ConnectionEnd& end, Duration after);

}  // namespace derp::diagnosis
