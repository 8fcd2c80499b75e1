// Our families in prometheus-cpp's model, which the text writer prints. Private to common/metrics.
#pragma once

#include <prometheus/metric_family.h>

#include "common/metrics/registry.h"

namespace derp::metrics {

prometheus::MetricFamily ToModel(const Family& family);

}  // namespace derp::metrics
