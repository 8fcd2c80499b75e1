// Stage relay: packets from one key to another on the same relay (findings.md 3, rule 9). Blocking.
#pragma once

#include <optional>

#include "common/derp/blocking_client.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/walk_context.h"

namespace derp::diagnosis {

inline constexpr int kCountedPackets = 20;  // after the first that arrives
// Sent at once. Well below the relay's queue of 32 per client, so that the prober causes no loss
// itself.
inline constexpr int kPacketGroup = 10;
inline constexpr auto kResendInterval = std::chrono::milliseconds(250);
// A packet is overdue after this, or after four times the first one's time, if that is longer.
inline constexpr auto kLossPatience = std::chrono::milliseconds(250);

struct RelayStage {
  std::optional<Finding> finding;  // what decided the outcome; none: ok
  std::optional<Duration> first;   // send to arrival of the first
  std::optional<Duration> rtt;     // median
  int sent = 0;                    // packets after the first; the vain tries when none arrived
  int received = 0;                // of these
  Duration duration{};
};

// Both are logged in and stay usable. `tcp_rtt` is what the relay's own time is compared with.
RelayStage RunRelay(BlockingClient& sender, BlockingClient& receiver,
                    std::optional<Duration> tcp_rtt, const WalkContext& context,
                    TimePoint deadline);

}  // namespace derp::diagnosis
