// Stage latency: GET /derp/latency-check, by which clients without UDP measure a region
// (derp-protocol.md 6.5). Blocking. The stream serves other stages before or behind it.
#pragma once

#include <optional>

#include "common/derpmap/model.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/walk_context.h"
#include "common/net/byte_stream.h"

namespace derp::diagnosis {

struct LatencyStage {
  std::optional<Finding> finding;  // none: ok
  Duration duration{};             // of the request alone
  bool stream_open = false;        // the stream may carry another request
  std::optional<Duration> clock_offset;
};

LatencyStage RunLatency(net::ByteStream& stream, const derpmap::Node& node,
                        const WalkContext& context, TimePoint deadline);

// No connection was to be had for it.
Finding LatencyUnconnected(const Error& error);

}  // namespace derp::diagnosis
