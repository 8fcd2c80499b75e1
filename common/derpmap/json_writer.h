// A DERP map or node as the JSON Go writes: members in the order of tailcfg's structs, optional
// ones left out when zero, keys of regions sorted as text, <, > and & escaped.
#pragma once

#include <string>

#include "common/derpmap/model.h"

namespace derp::derpmap {

// `indent` blanks per level; 0 gives one line without blanks.
std::string WriteJson(const DerpMap& map, unsigned indent);

// One node in one line, as derper prints it for the map (derper.md 5).
std::string WriteJson(const Node& node);

}  // namespace derp::derpmap
