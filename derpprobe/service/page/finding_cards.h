// What needs attention, as cards: errors first, the prober's own troubles apart, more than ten of
// one code as one card. Pure.
#pragma once

#include <string>

#include "derpprobe/service/board.h"

namespace derp::probe {

// The strip that stands only while something is wrong with this machine; else empty.
std::string ProberStrip(const BoardState& state, WallTime now);

// Errors and warnings, then what needs no action, folded.
std::string FindingCards(const BoardState& state, WallTime now);

std::string FindingCard(const diagnosis::Finding& finding, const FindingAge* age, WallTime now);

}  // namespace derp::probe
