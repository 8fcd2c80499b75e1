// The JSON form of a DERP map, read as Go's encoding/json reads it into tailcfg.DERPMap: names in
// any letter case, unknown members ignored (and noted), null leaves a member unset, only the first
// value of the text counts, a value of another type is an error. Regions that are null are kept
// apart.
#pragma once

#include "common/derpmap/reader.h"

namespace derp::derpmap {

Expected<MapDocument, ReadError> ReadJson(std::string_view text);

}  // namespace derp::derpmap
