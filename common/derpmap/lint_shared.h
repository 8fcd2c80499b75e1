// The part of the linter that looks for what several nodes share: names, endpoints, addresses.
// Private to this folder.
#pragma once

#include <vector>

#include "common/derpmap/note.h"

namespace derp::derpmap {

void LintShared(const DerpMap& map, std::vector<Note>& notes);

}  // namespace derp::derpmap
