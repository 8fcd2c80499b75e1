// Golden data from tests/data.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/base/bytes.h"

namespace derp::test {

// The file's text; the path is relative to tests/data. Throws when it cannot be read.
std::string ReadData(std::string_view path);
nlohmann::json ReadJson(std::string_view path);

// Hex that is known to be right; throws otherwise.
Bytes Hex(std::string_view text);

}  // namespace derp::test
