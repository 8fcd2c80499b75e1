// From a tree of values to a DERP map: which members there are, what type each has, what null
// means. The same for JSON and YAML but for a few rules of the syntax. Private to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/derpmap/reader.h"
#include "common/derpmap/value.h"

namespace derp::derpmap {

enum class Syntax { kJson, kYaml };

// `text` is what `root` was parsed from; it serves to name lines.
Expected<MapDocument, ReadError> DecodeMap(const Value& root, std::string_view text, Syntax syntax);

}  // namespace derp::derpmap
