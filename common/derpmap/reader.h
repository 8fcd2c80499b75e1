// Reads a DERP map from text: JSON as Go reads it, or headscale's YAML (derp-protocol.md 8). Member
// names match in any letter case. Pure functions; the text comes from strangers, so its size, depth
// and number of values are bounded before memory is taken.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/derpmap/note.h"

namespace derp::derpmap {

struct ReadError {
  std::size_t line = 0;    // from 1; 0 when it is about the text as a whole
  std::size_t column = 0;  // in bytes, from 1
  std::string path;        // "Regions.901.Nodes[0].DERPPort", empty for faults of syntax
  std::string what;        // printable

  // "line 3, column 14: Regions.901.Nodes[0].DERPPort: a string where an integer belongs"
  std::string ToString() const;
};

// JSON when its beginning says so ('{', '[', '"', or a comment of JSON's relatives), else YAML.
Expected<MapDocument, ReadError> Read(std::string_view text);

}  // namespace derp::derpmap
