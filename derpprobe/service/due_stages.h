// Which stages of a region are due when its round begins (derpprobe.md 12.3): the classes by their
// intervals, the costly side stages and the repeated greetings every tenth round. Pure: time is
// handed in. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/diagnosis/walk_context.h"
#include "derpprobe/classes/views.h"

namespace derp::probe {

// The shortest interval of the enabled classes; the map's when all are off.
Duration RoundOf(const ClassIntervals& intervals);

// Intervals of which 80 % are too short for what findings.md rule 9 asks of a class; a sentence
// each, for the log at start.
std::vector<std::string> IntervalWarnings(const ClassIntervals& intervals);

class DueStages {
 public:
  static constexpr std::uint64_t kThoroughEvery = 10;  // rounds

  // `phase` (any number, the region's id) spreads the thorough rounds of many regions; the first
  // round is thorough everywhere. `asked` are the wishes that do not depend on the round:
  // admission and idle connections, which belong to thorough rounds too.
  DueStages(const ClassIntervals& intervals, std::uint64_t phase,
            const diagnosis::StagesAsked& asked);

  // The round begins now.
  diagnosis::StagesAsked Claim(TimePoint now);
  // Somebody asked for everything that is enabled.
  diagnosis::StagesAsked ClaimAll(TimePoint now);

 private:
  diagnosis::StagesAsked Asked(bool tls, bool stun, bool mesh, bool thorough) const;
  bool IsDue(Duration interval, std::optional<TimePoint>& last, TimePoint now) const;

  ClassIntervals intervals_;
  Duration round_;
  std::uint64_t phase_;
  diagnosis::StagesAsked wishes_;
  std::optional<TimePoint> tls_, stun_, mesh_;  // last start
  std::uint64_t walks_ = 0;                     // rounds that made connections
};

}  // namespace derp::probe
