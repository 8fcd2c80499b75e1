// The relay's metric families, with the names and labels of the Go program (derp-protocol.md 7.2,
// 7.3; golden list in tests/data/go-varz-derper.json).
#pragma once

#include <vector>

#include "common/metrics/registry.h"
#include "derper/relay/relay_state.h"

namespace derp::relay {

// Any thread.
void AppendRelayMetrics(const RelayState& state, std::vector<metrics::Family>& out);

}  // namespace derp::relay
