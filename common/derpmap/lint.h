// Judges what a map says, without asking anybody: the map.* codes of findings.md 3 that concern its
// content. Severity and advice of a code are in common/diagnosis/catalogue.h. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "common/derpmap/note.h"

namespace derp::derpmap {

// What the readers and the merge noticed, together with what is wrong or remarkable with the map.
// In the map's order: about the map as a whole, then region by region. A note about several nodes
// stands on the first of them, with the others as peers (findings.md rule 9); a peer of another
// region is named REGION/NODE.
std::vector<Note> Lint(const MapDocument& document);

// findings.md rule 7: these end a node's walk before anything is sent.
bool EndsWalk(std::string_view code);

}  // namespace derp::derpmap
