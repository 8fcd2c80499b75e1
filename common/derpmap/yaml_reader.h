// headscale's YAML form of a DERP map (derp-protocol.md 8.2). Region keys may be integers or text.
// headscale itself ignores keys that are not lower-case: they count here, with a note.
#pragma once

#include "common/derpmap/reader.h"

namespace derp::derpmap {

Expected<MapDocument, ReadError> ReadYaml(std::string_view text);

}  // namespace derp::derpmap
