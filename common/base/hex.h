// Hexadecimal text: lower case when written, either case when read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.h"

namespace derp {

std::string EncodeHex(ByteView bytes);
std::optional<Bytes> DecodeHex(std::string_view text);

// Exactly out.size() bytes; false (and `out` unspecified) on another length or a foreign character.
bool DecodeHexInto(std::string_view text, ByteSpan out);

}  // namespace derp
