// The Prometheus text form, version 0.0.4. Our own writer over prometheus-cpp's model: the packaged
// serializer does not escape HELP and cannot print whole numbers exactly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/metrics/registry.h"

namespace derp::metrics {

inline constexpr std::string_view kPrometheusContentType =
    "text/plain; version=0.0.4; charset=utf-8";

// HELP (when there is one) before TYPE, also for a family without samples; labels in the order
// given; whole numbers up to 2^53 in digits, others as Go prints them.
std::string WritePrometheusText(const std::vector<Family>& families);

}  // namespace derp::metrics
