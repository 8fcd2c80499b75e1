// What one finished round adds to the history of a node or a region.
#pragma once

#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/diagnosis/report.h"

namespace derp::probe {

struct RoundSample {
  diagnosis::Verdict verdict = diagnosis::Verdict::kUnknown;  // kUnknown: no data
  std::optional<Duration> round_trip;                         // through the relay, else of STUN
  std::uint32_t sent = 0;
  std::uint32_t lost = 0;
};

// Of a judged walk. STUN requests count only where the stage stands: those that this machine or an
// earlier fault kept from being answered (skipped, not reached) are nobody's loss.
RoundSample SampleOf(const diagnosis::NodeReport& judged);

// Of a region's round: its verdict, the round trip of its best node, all nodes' packets.
RoundSample SampleOf(diagnosis::Verdict verdict,
                     const std::vector<const diagnosis::NodeReport*>& nodes);

}  // namespace derp::probe
