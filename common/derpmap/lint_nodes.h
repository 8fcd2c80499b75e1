// The part of the linter that looks at one node at a time. Private to this folder.
#pragma once

#include <vector>

#include "common/derpmap/note.h"

namespace derp::derpmap {

void LintNode(const Region& region, const Node& node, std::vector<Note>& notes);

}  // namespace derp::derpmap
