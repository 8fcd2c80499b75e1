// Parts of the relay's metric families that need more than a sum; see relay_metrics.h.
#pragma once

#include "derper/relay/metrics_writer.h"

namespace derp::relay {

void AppendTlsMetrics(const RelayState& state, MetricsWriter& writer);
// What peers did wrong, by cause.
void AppendFaultMetrics(MetricsWriter& writer);
void AppendQueueTimes(const RelayState& state, MetricsWriter& writer);
void AppendWorkerMetrics(const RelayState& state, MetricsWriter& writer);

}  // namespace derp::relay
